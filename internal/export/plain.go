package export

// Plain is a text as it may stand in a CSV file that a spreadsheet program opens: what such a program would compute has an apostrophe before it.
func Plain(s string) string {
	if dangerous(s) {
		return "'" + s
	}
	return s
}
