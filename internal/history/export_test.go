package history

// Weigh and Marks are for tests.
var (
	Weigh = weigh
	Marks = (*History).marks
)
