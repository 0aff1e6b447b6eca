package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jejak/internal/api"
	"jejak/internal/exit"
	"jejak/internal/terminal"
)

// userColumns are the columns that a CSV file of people may have; role and scope must be there.
var userColumns = []string{"id", "role", "scope", "party", "name", "phone", "expires"}

func newUserImportCommand() *cobra.Command {
	var (
		dir, out string
		asJSON   bool
	)
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Add many people and write their tokens to a file",
		Long: `Add all people of a file, or none of them when one is wrong.

FILE is CSV with a head (` + strings.Join(userColumns, ",") + `; role and scope must be there) or NDJSON with the same names; "-" reads the standard
input. Ids may be given in a simulated data directory only. The tokens go to a CSV file (id,role,scope,name,token) that only its owner can
read, and nowhere else: hand them out and delete it.`,
		Example: `  jejak user import people.csv --tokens tokens.csv
  jejak user import people.ndjson --data ./jejak-data --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			users, err := readPeople(cmd.InOrStdin(), args[0])
			if err != nil {
				return fmt.Errorf("import users from %s: %w", args[0], err)
			}
			if out == "" {
				out = strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])) + ".tokens.csv"
			}
			file, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil { // before any token is made: a token that cannot be written down is lost
				return fmt.Errorf("make the file for the tokens: %w: name another with --tokens", err)
			}
			added, err := addUsers(cmd.Context(), dir, users)
			if err != nil {
				return errors.Join(fmt.Errorf("import users from %s: %w", args[0], err), file.Close(), os.Remove(out))
			}
			if err := writeTokens(file, users, added); err != nil {
				return fmt.Errorf("write the tokens to %s: %w: %d accounts were made", out, err, len(added))
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]any{"users": len(added), "tokens": out})
			}
			return terminal.Fprintf(cmd.OutOrStdout(), "%d users added; their tokens are in %s: hand them out and delete the file\n", len(added), out)
		},
	}
	dataFlag(cmd.Flags(), &dir)
	cmd.Flags().StringVar(&out, "tokens", "", "file for the tokens, which must not exist (default: FILE's name with .tokens.csv, here)")
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"users", "tokens"}`)
	return cmd
}

func writeTokens(file *os.File, asked []api.NewUser, added []api.User) error {
	w := csv.NewWriter(file)
	// The writer keeps its first error for Error.
	_ = w.Write([]string{"id", "role", "scope", "name", "token"})
	for i, u := range added {
		_ = w.Write([]string{u.ID, u.Role, u.Scope, asked[i].Name, u.Token})
	}
	w.Flush()
	return errors.Join(w.Error(), file.Sync(), file.Close())
}

// readPeople reads a file of people. Every error of form is told with its line; what the server thinks of roles and scopes comes from it.
func readPeople(stdin io.Reader, name string) ([]api.NewUser, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // a spreadsheet's mark
	var users []api.NewUser
	if text := bytes.TrimSpace(data); len(text) > 0 && text[0] == '{' {
		users, err = readPeopleLines(data)
	} else {
		users, err = readPeopleCSV(data)
	}
	if err != nil {
		return nil, exit.With(exit.Failed, err)
	}
	if len(users) == 0 {
		return nil, errors.New("there is nobody in it")
	}
	return users, nil
}

func readPeopleLines(data []byte) ([]api.NewUser, error) {
	var users []api.NewUser
	var errs []error
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 1<<20)
	for line := 1; scanner.Scan(); line++ {
		text := bytes.TrimSpace(scanner.Bytes())
		if len(text) == 0 {
			continue
		}
		var u api.NewUser
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&u); err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", line, err))
		} else if rest := bytes.TrimSpace(text[dec.InputOffset():]); len(rest) > 0 {
			errs = append(errs, fmt.Errorf("line %d: %q follows the object: write one object a line", line, rest[:min(len(rest), 40)]))
		}
		users = append(users, u)
	}
	return users, errors.Join(append(errs, scanner.Err())...)
}

func readPeopleCSV(data []byte) ([]api.NewUser, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	var errs []error
	for i, column := range head {
		head[i] = strings.ToLower(strings.TrimSpace(column))
		if !slices.Contains(userColumns, head[i]) {
			errs = append(errs, fmt.Errorf("line 1: column %q is unknown: columns are %s", column, strings.Join(userColumns, ",")))
		} else if slices.Contains(head[:i], head[i]) {
			errs = append(errs, fmt.Errorf("line 1: column %q is there twice", head[i]))
		}
	}
	for _, must := range []string{"role", "scope"} {
		if !slices.Contains(head, must) {
			errs = append(errs, fmt.Errorf("line 1: column %q is missing", must))
		}
	}
	var users []api.NewUser
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return users, errors.Join(errs...)
		}
		if err != nil {
			return nil, errors.Join(append(errs, err)...)
		}
		line, _ := r.FieldPos(0)
		if len(row) != len(head) {
			errs = append(errs, errors.New("line "+strconv.Itoa(line)+": "+strconv.Itoa(len(row))+" fields, the head has "+strconv.Itoa(len(head))))
			continue
		}
		users = append(users, newUser(head, row))
	}
}

func newUser(head, row []string) api.NewUser {
	var u api.NewUser
	for i, column := range head {
		value := strings.TrimSpace(row[i])
		switch column {
		case "id":
			u.ID = value
		case "role":
			u.Role = value
		case "scope":
			u.Scope = value
		case "party":
			u.Party = value
		case "name":
			u.Name = value
		case "phone":
			u.Phone = value
		case "expires":
			u.Expires = value
		}
	}
	return u
}
