package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/export"
	"jejak/internal/people"
	"jejak/internal/terminal"
)

func newUserImportCommand() *cobra.Command {
	var (
		r             reach
		out           string
		again, asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Add many people and write their tokens to a file",
		Long: `Add all people of a file, or none of them when one is wrong: then everything that is wrong is listed, each with its line.

FILE is CSV in UTF-8 with a head (` + strings.Join(userColumns, ",") + `; role and scope must be there), separated by commas, semicolons or tabs; empty
rows are passed over. Or it is NDJSON with the same names; "-" reads the standard input. Ids may be given in a simulated data directory only.
The tokens go to a CSV file (id,role,scope,name,token) that only its owner can read, and nowhere else: hand them out and delete it. In it a
name that a spreadsheet would compute has an apostrophe before it.

The same list imported once more makes nobody: it is refused, and says when it was imported. --again imports it all the same.`,
		Example: `  jejak user import people.csv --tokens tokens.csv
  jejak user import people.ndjson --data ./jejak-data --json
  jejak user import people.csv --url https://jejak.example --token-file admin.token`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := openPeopleFile(cmd.InOrStdin(), args[0])
			if err == nil {
				err = f.check()
			}
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
			added, err := f.add(cmd.Context(), &r, again)
			if err != nil {
				return errors.Join(fmt.Errorf("import users from %s: %w", args[0], err), file.Close(), os.Remove(out))
			}
			if err := writeTokens(file, f.users, added); err != nil {
				return fmt.Errorf("write the tokens to %s: %w: %d accounts were made", out, err, len(added))
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]any{"users": len(added), "tokens": out})
			}
			return terminal.Fprintf(cmd.OutOrStdout(), "%d users added; their tokens are in %s: hand them out and delete the file\n", len(added), out)
		},
	}
	r.flags(cmd.Flags())
	cmd.Flags().StringVar(&out, "tokens", "", "file for the tokens, which must not exist (default: FILE's name with .tokens.csv, here)")
	cmd.Flags().BoolVar(&again, "again", false, "import a list that was imported before: every person gets one more account")
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"users", "tokens"}`)
	return cmd
}

// check tells everything that is wrong with a file that can be told without the server.
func (f *peopleFile) check() error {
	asked := make([]people.NewUser, len(f.users))
	for i, u := range f.users {
		asked[i] = people.Asked(u)
	}
	// Whether an expiry has passed is for the server to say, whose clock counts.
	for _, p := range people.Problems(asked, time.Time{}) {
		f.fail(f.lines[p.Index], "%s: %s", p.Field, p.Message)
	}
	f.repeated()
	return told(f.wrong)
}

// add makes the accounts. What is wrong with some of them is told with their lines in the file.
func (f *peopleFile) add(ctx context.Context, r *reach, again bool) (added []api.User, err error) {
	key, err := f.key()
	if err != nil {
		return nil, err
	}
	if again {
		key = rand.Text()
	}
	err = atOffice(ctx, r, true, func(o office) (err error) {
		added, err = o.add(ctx, key, f.users)
		return err
	})
	var invalid *people.InvalidError
	var refused *client.StatusError
	switch {
	case errors.As(err, &invalid):
		faults := make([]faultAt, len(invalid.Problems))
		for i, p := range invalid.Problems {
			faults[i] = faultAt{f.lines[p.Index], p.Field + ": " + p.Message}
		}
		return nil, told(faults)
	case errors.As(err, &refused) && len(refused.Problem.Errors) > 0:
		return nil, f.placed(refused)
	}
	return added, err
}

// key is the same for the same list. A list that names ids has none: its people are never made twice.
func (f *peopleFile) key() (string, error) {
	if slices.ContainsFunc(f.users, func(u api.NewUser) bool { return u.ID != "" }) {
		return "", nil
	}
	list, err := json.Marshal(f.users)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(list)
	return hex.EncodeToString(sum[:]), nil
}

var lineOfProblem = regexp.MustCompile(`^/line/([0-9]+)(?:/(.*))?$`)

// placed tells what the server refuses with the lines of the file: it numbers the people.
func (f *peopleFile) placed(refused *client.StatusError) error {
	var faults []faultAt
	for i, text := range refused.Problem.Texts() {
		m := lineOfProblem.FindStringSubmatch(refused.Problem.Errors[i].Path)
		if m == nil {
			return refused
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n < 1 || n > len(f.lines) {
			return refused
		}
		if m[2] != "" {
			text = m[2] + ": " + text
		}
		faults = append(faults, faultAt{f.lines[n-1], text})
	}
	return fmt.Errorf("%w (status %d)", told(faults), refused.Status)
}

func writeTokens(file *os.File, asked []api.NewUser, added []api.User) error {
	w := csv.NewWriter(file)
	// The writer keeps its first error for Error.
	_ = w.Write([]string{"id", "role", "scope", "name", "token"})
	for i, u := range added {
		_ = w.Write([]string{u.ID, u.Role, u.Scope, export.Plain(asked[i].Name), u.Token})
	}
	w.Flush()
	return errors.Join(w.Error(), file.Sync(), file.Close())
}
