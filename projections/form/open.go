package form

import (
	"bytes"
	"encoding/json"
)

// WithoutMoney is the row for who does not see what is ordered and what it costs: its JSON has neither.
func (r RegencyRow) WithoutMoney() RegencyRow {
	r.Budget, r.Open = BudgetRow{}, true
	items := make(map[string]ItemRow, len(r.Items))
	for name, item := range r.Items {
		item.Ordered = 0
		items[name] = item
	}
	r.Items = items
	return r
}

// MarshalJSON leaves out of a row without money the members about it.
func (r RegencyRow) MarshalJSON() ([]byte, error) {
	type whole RegencyRow // without this method
	if !r.Open {
		return plain(whole(r))
	}
	type item struct {
		ItemRow
		Ordered *int64 `json:"ordered,omitempty"` // in place of that of ItemRow
	}
	open := struct {
		whole
		Items  map[string]item `json:"items"`
		Budget *BudgetRow      `json:"budget,omitempty"`
	}{whole: whole(r), Items: map[string]item{}}
	for name, row := range r.Items {
		open.Items[name] = item{ItemRow: row}
	}
	return plain(open)
}

// plain is JSON without escapes for HTML, which an encoder that wants them adds.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
