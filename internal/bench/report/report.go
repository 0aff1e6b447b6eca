// Package report is what a measurement says: tables, for people as Markdown and for programs as JSON.
package report

// Table is one result. Cells are already formatted: medians with their spread, ratios in their own columns.
type Table struct {
	Title   string     `json:"title"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	Notes   []string   `json:"notes,omitempty"`
}
