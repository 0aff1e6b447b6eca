package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// former is the script command of that name: former FORM DIR unpacks testdata/former/FORM.tar.gz, a data directory that the program of that commit wrote.
// The archives are never made again: they stand for the directories that are out there.
func former(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "former FORM DIR")
	archive, err := os.Open(filepath.Join(ts.Getenv("HERE"), "testdata", "former", args[0]+".tar.gz"))
	ts.Check(err)
	defer archive.Close()
	plain, err := gzip.NewReader(archive)
	ts.Check(err)
	for r := tar.NewReader(plain); ; {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		ts.Check(err)
		name := ts.MkAbs(filepath.Join(args[1], filepath.FromSlash(strings.TrimPrefix(entry.Name, "data"))))
		mode := entry.FileInfo().Mode().Perm()
		if entry.Typeflag == tar.TypeDir {
			ts.Check(os.MkdirAll(name, mode))
			continue
		}
		content, err := io.ReadAll(r)
		ts.Check(err)
		ts.Check(os.WriteFile(name, content, mode))
	}
}
