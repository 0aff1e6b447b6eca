package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"jejak/eventstore/lock"
	"jejak/internal/api"
	"jejak/internal/exit"
	"jejak/internal/httpapi"
	"jejak/internal/readlog"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const readsHelp = `List what auditors, supervisors and observers have asked the server: who (by id), when, what, with which answer; refused ones too. It is kept in
access.db. A request that lasted, such as an event stream, has a line when it had begun and one at its end.

While a server has the directory it is asked, with the token in DIR/admin.token; what a supervisor or a regency's admin sees with his own token
(--token-file) is of people in his scope.`

// readsPage is how many reads are asked for at a time.
const readsPage = 1000

func newReadsCommand() *cobra.Command {
	var dir, tokenFile, from, to, user string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "reads",
		Short: "List what auditors, supervisors and observers have read",
		Long:  readsHelp,
		Example: "  jejak audit reads --data ./jejak-data\n  jejak audit reads --user usr-5hx2k7ab --from 2024-02-13T00:00:00+07:00 --to 2024-02-14T00:00:00+07:00\n" +
			"  jejak audit reads --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := readlog.Query{User: user, Limit: readsPage}
			for _, b := range []struct {
				flag, text string
				into       *time.Time
			}{{"from", from, &q.From}, {"to", to, &q.To}} {
				if b.text == "" {
					continue
				}
				at, err := time.Parse(time.RFC3339, b.text)
				if err != nil {
					return exit.Errorf(exit.Usage, "--%s %q is no time with a zone, such as 2024-02-13T06:45:00+07:00", b.flag, b.text)
				}
				*b.into = at
			}
			if err := listReads(cmd.Context(), dir, tokenFile, q, readsShown(cmd.OutOrStdout(), asJSON)); err != nil {
				return fmt.Errorf("list reads: %w", err)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	dataFlag(flags, &dir)
	flags.StringVar(&tokenFile, "token-file", "", "file with a token, for a running server (default: admin.token in --data)")
	flags.StringVar(&from, "from", "", "only what came at or after this time, RFC 3339, by the machine's clock")
	flags.StringVar(&to, "to", "", "only what came before this time")
	flags.StringVar(&user, "user", "", "only of this person (id)")
	flags.BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}

// listReads calls show with page after page, from the file or from the server that has it.
func listReads(ctx context.Context, dir, tokenFile string, q readlog.Query, show func([]api.KeptRead) error) (err error) {
	var page func(q readlog.Query) ([]api.KeptRead, error)
	reads, err := server.OpenReads(ctx, dir)
	var held *lock.HeldError
	switch {
	case err == nil:
		defer func() { err = errors.Join(err, reads.Close()) }()
		page = func(q readlog.Query) (list []api.KeptRead, err error) {
			kept, err := reads.List(ctx, q)
			for _, k := range kept {
				list = append(list, httpapi.ShowRead(k))
			}
			return list, err
		}
	case !errors.As(err, &held):
		return err
	default:
		t, ok, err := askServer(dir, tokenFile)
		if err != nil {
			return err
		}
		if !ok {
			return inUse(held)
		}
		defer t.client.Close()
		page = func(q readlog.Query) ([]api.KeptRead, error) { return t.reads(ctx, q) }
	}
	for {
		list, err := page(q)
		if err != nil {
			return err
		}
		if err := show(list); err != nil || len(list) < q.Limit {
			return err
		}
		q.After = list[len(list)-1].Seq
	}
}

// reads asks for a page.
func (t there) reads(ctx context.Context, q readlog.Query) (list []api.KeptRead, err error) {
	query := url.Values{"after": {strconv.FormatInt(q.After, 10)}, "limit": {strconv.Itoa(q.Limit)}}
	for name, at := range map[string]time.Time{"from": q.From, "to": q.To} {
		if !at.IsZero() {
			query.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	if q.User != "" {
		query.Set("user", q.User)
	}
	answer, err := t.client.Call(ctx, t.token, http.MethodGet, "/v1/access?"+query.Encode(), "", nil)
	if err != nil {
		return nil, reached(err)
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, fmt.Errorf("read the server's answer: %w", err)
	}
	return list, nil
}

// readsShown prints pages of reads.
func readsShown(w io.Writer, asJSON bool) func([]api.KeptRead) error {
	return func(list []api.KeptRead) error {
		for _, r := range list {
			var err error
			if asJSON {
				err = printJSON(w, r)
			} else {
				what := r.Path
				if r.Query != "" {
					what += "?" + r.Query
				}
				if r.Route == "none" {
					what = "(a path that there is not)"
				}
				status := strconv.Itoa(r.Status)
				if r.Part == string(readlog.Begun) {
					status = "begun"
				}
				_, err = fmt.Fprintf(w, "%s  %-10s %s of %s  %-5s %s %s, %s bytes\n", r.At, r.User, r.Role, r.Scope, status, r.Method, what, terminal.Number(r.Bytes))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}
