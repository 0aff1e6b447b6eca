package refdata

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with the files.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`   // from 1; 0 where the file as a whole is meant
	Column  string `json:"column,omitempty"` // "" where the line as a whole is meant
	Message string `json:"message"`
}

func (p Problem) String() string {
	place := p.File
	if p.Line > 0 {
		place = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Column != "" {
		place += ": " + p.Column
	}
	return place + ": " + p.Message
}

// Problems is everything that is wrong with a set of files, all at once. It is an error when it is not empty; see Err.
type Problems struct {
	List []Problem
}

// Err is nil when there are none.
func (p *Problems) Err() error {
	if p == nil || len(p.List) == 0 {
		return nil
	}
	return p
}

// Error lists every problem on a line of its own, in the order of files and lines, and their number at the end.
func (p *Problems) Error() string {
	var b strings.Builder
	for _, problem := range p.List {
		b.WriteString(problem.String())
		b.WriteByte('\n')
	}
	if len(p.List) == 1 {
		b.WriteString("1 problem: nothing was imported")
	} else {
		fmt.Fprintf(&b, "%d problems: nothing was imported", len(p.List))
	}
	return b.String()
}

func (p *Problems) add(file string, line int, column, format string, args ...any) {
	p.List = append(p.List, Problem{File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
}

// sort puts the problems in the order of their places; of one place they stay in the order in which they were found.
func (p *Problems) sort() {
	slices.SortStableFunc(p.List, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}
