package domain

// Locator is a command that can tell where it names a thing, so that a finding about that thing is answered with its place. It returns ""
// for what it does not name.
type Locator interface {
	PathOf(unit string) string
}

// PathIn is the place of a box in a list at path, "" when it is not there.
func PathIn(path string, boxes []BoxID, unit string) string {
	for i, b := range boxes {
		if string(b) == unit {
			return path + Index(i)
		}
	}
	return ""
}
