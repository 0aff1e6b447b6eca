package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// An image is made of the source with its history, or of a version that is given: the program in it knows which it is. Docker itself is not run here.
func TestAnImageKnowsItsVersion(t *testing.T) {
	ignored, err := os.ReadFile("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(strings.Fields(string(ignored)), ".git") {
		t.Error("the image is built without the history, from which go build takes the version")
	}
	image, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nARG VERSION=\n", "-X main.version=$VERSION", "\nRUN ! /out/jejak version | grep -w devel\n"} {
		if !strings.Contains(string(image), want) {
			t.Errorf("the Dockerfile has no %q", want)
		}
	}
	if strings.Contains(string(image), "-buildvcs=false") {
		t.Error("the Dockerfile leaves the history out")
	}
	version = "v1.2.3"
	t.Cleanup(func() { version = "" })
	if got := thisBuild().Version; got != "v1.2.3" {
		t.Errorf("a program built as v1.2.3 says it is %s", got)
	}
}
