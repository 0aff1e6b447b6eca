// Package terminal shows things to a person: texts, tables, progress bars and a block of lines that is painted over itself. What others have written, a name,
// a note, a message of a server, is shown by it in a form in which it cannot act on the screen (Clean, Text).
// Into a pipe the callers print plain lines instead.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Watched tells whether w is a terminal that can paint over itself, so that a person watches.
func Watched(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// Width is how many characters fit into a line of w, 0 where w is no terminal: then lines may be as long as they are.
func Width(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	columns, _ := size(w)
	return columns
}

// fallbackColumns and fallbackLines count where the size of the terminal is unknown.
const fallbackColumns, fallbackLines = 80, 24

func size(w io.Writer) (columns, lines int) {
	if file, ok := w.(*os.File); ok {
		if columns, lines, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 && lines > 0 {
			return columns, lines
		}
	}
	return fallbackColumns, fallbackLines
}

// Bar draws done of total as a bar of width cells with the percentage behind it. An unknown total (0 or less) gives an empty bar. More than
// the total shows as full: 100 % appears only when it is reached.
func Bar(done, total int64, width int) Text {
	if total <= 0 {
		return Text{"[" + strings.Repeat(".", width) + "]   -%"}
	}
	done = min(max(done, 0), total)
	filled := int(done * int64(width) / total)
	return Sprintf("[%s%s] %3d%%", strings.Repeat("#", filled), strings.Repeat(".", width-filled), done*100/total)
}

// Live is a block of lines at the bottom of a terminal that each Paint replaces. It is for one goroutine.
type Live struct {
	w       io.Writer
	painted int // lines on the screen that belong to the block
}

// NewLive starts an empty block on w, which should be Watched.
func NewLive(w io.Writer) *Live { return &Live{w: w} }

// Paint replaces the block. Lines are cut to the terminal's width, and a block higher than the terminal to its height, so that the cursor
// finds its way back.
func (l *Live) Paint(block Text) {
	columns, height := size(l.w)
	lines := strings.Split(strings.TrimRight(block.s, "\n"), "\n")
	if room := max(height-1, 1); len(lines) > room {
		hidden := len(lines) - room + 1
		lines = append(lines[:room-1:room-1], fmt.Sprintf("... %d more lines: enlarge the window to see them", hidden))
	}
	var out strings.Builder
	if l.painted > 0 {
		fmt.Fprintf(&out, "\x1b[%dA", l.painted)
	}
	for _, line := range lines {
		out.WriteString("\r\x1b[2K" + cut(line, columns) + "\n")
	}
	if l.painted > len(lines) {
		out.WriteString("\x1b[J")
	}
	l.painted = len(lines)
	// A terminal that is gone is noticed by nobody.
	_, _ = io.WriteString(l.w, out.String())
}

// Leave lets the block stand and what is printed next begin below it.
func (l *Live) Leave() { l.painted = 0 }

func cut(line string, columns int) string {
	if utf8.RuneCountInString(line) <= columns {
		return line
	}
	return string([]rune(line)[:columns])
}
