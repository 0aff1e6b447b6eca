package fact

// Table holds what is known of each subject of one kind, by id. The zero value is empty. An entry is replaced by a changed copy and never
// changed in place, so that saving one is keeping its pointer; who changes an entry must treat slices and maps within it likewise.
type Table[T any] map[string]*T

// Change replaces the entry of id by a changed copy; of an unknown id it begins one.
func (t *Table[T]) Change(id string, change func(*T)) {
	var next T
	if old := (*t)[id]; old != nil {
		next = *old
	}
	change(&next)
	if *t == nil {
		*t = Table[T]{}
	}
	(*t)[id] = &next
}

// Save returns a function that puts the entry of id back as it is now, also when there is none.
func (t *Table[T]) Save(id string) (restore func()) {
	old, ok := (*t)[id]
	empty := *t == nil
	return func() {
		switch {
		case ok:
			(*t)[id] = old
		case empty:
			*t = nil
		default:
			delete(*t, id)
		}
	}
}
