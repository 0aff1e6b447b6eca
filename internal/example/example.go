// Package example takes out of pages what readers copy from them, so that tests run it as it stands there.
package example

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// Example is a fenced block of a page that is marked as one that can be run: <!-- run: NAME --> stands before it.
type Example struct {
	Name     string
	Language string // sh, go or js
	Text     string
}

var (
	marked = regexp.MustCompile("(?ms)^<!-- run: (\\S+) -->\n```(sh|go|js)\n(.*?)^```$")
	fenced = regexp.MustCompile("(?m)^```\\S")
)

// Of lists the examples of a page, and counts its blocks of code, marked or not.
func Of(page string) (list []Example, blocks int) {
	for _, m := range marked.FindAllStringSubmatch(page, -1) {
		list = append(list, Example{Name: m[1], Language: m[2], Text: m[3]})
	}
	return list, len(fenced.FindAllString(page, -1))
}

// Read reads one example of the page in a file.
func Read(file, name string) (Example, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Example{}, fmt.Errorf("read example %s: %w", name, err)
	}
	list, _ := Of(string(text))
	for _, e := range list {
		if e.Name == name {
			return e, nil
		}
	}
	return Example{}, fmt.Errorf("%s has no example %s", filepath.Base(file), name)
}

// Build builds a Go program as a file, from a folder inside the project: with the project's modules.
func (e Example) Build(inside, program string) error {
	source := program + ".go"
	if err := os.WriteFile(source, []byte(e.Text), 0o666); err != nil {
		return fmt.Errorf("build example %s: %w", e.Name, err)
	}
	build := exec.Command("go", "build", "-o", program, source)
	build.Dir = inside
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build example %s: %w\n%s", e.Name, err, out)
	}
	return nil
}
