package main

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
	"github.com/rogpeppe/go-internal/testscript"

	"jejak/eventstore/checksum"
)

func forge(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "forge FILE SQLFILE")
	ts.Check(changeFitting(ts.MkAbs(args[0]), ts.ReadFile(args[1])))
}

// changeFitting runs SQL on a database and has the checksums of its pages fit.
func changeFitting(name, sql string) error {
	sums, err := checksum.Register("")
	if err != nil {
		return err
	}
	defer sums.Unregister()
	conn, err := sqlite3.Open("file:" + (&url.URL{Path: filepath.ToSlash(name)}).EscapedPath() + "?vfs=" + url.QueryEscape(sums.Name()))
	if err != nil {
		return err
	}
	return errors.Join(conn.Exec(checksum.Setup), conn.Exec(sql), conn.Close())
}

func unescape(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "unescape FILE JSON")
	var text string
	ts.Check(json.Unmarshal([]byte(`"`+args[1]+`"`), &text))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func secret(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "secret FILE TEXT")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\n"), 0o600))
}
