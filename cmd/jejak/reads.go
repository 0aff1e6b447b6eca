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
	"jejak/internal/history"
	"jejak/internal/httpapi"
	"jejak/internal/readlog"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const readsHelp = `List what auditors, supervisors and observers have asked the server: who (by id), when, what, with which answer; refused ones too. It is kept in
access.db. A request that lasted, such as an event stream, has a line when it had begun and one at its end.

While a server has the directory it is asked, with the token in DIR/admin.token; --url asks another server. What a supervisor or a regency's admin sees with
his own token (--token-file) is of people in his scope.`

// readsPage is how many reads are asked for at a time.
const readsPage = 1000

func newReadsCommand() *cobra.Command {
	var where reach
	var from, to, user string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "reads",
		Short: "List what auditors, supervisors and observers have read",
		Long:  readsHelp,
		Example: "  jejak audit reads --data ./jejak-data\n  jejak audit reads --user usr-5hx2k7ab --from 2024-02-13T00:00WIB --to 2024-02-14T00:00WIB\n" +
			"  jejak audit reads --url https://jejak.example --token-file admin.token --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := readlog.Query{User: user, Limit: readsPage}
			var faults []*history.Fault
			for _, b := range []struct {
				flag, text string
				into       *time.Time
			}{{"from", from, &q.From}, {"to", to, &q.To}} {
				if b.text == "" {
					continue
				}
				at, err := history.ParseTime(b.flag, b.text)
				if fault, ok := history.Asks(err); ok {
					faults = append(faults, fault)
				}
				*b.into = at
			}
			switch {
			case len(faults) > 0:
				return wrongUsage(faults, nil)
			case !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From):
				return exit.Errorf(exit.Usage, "--to is before --from")
			}
			if err := listReads(cmd.Context(), &where, q, readsShown(cmd.OutOrStdout(), asJSON)); err != nil {
				return fmt.Errorf("list reads: %w", err)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	where.flags(flags)
	flags.StringVar(&from, "from", "", "only what came at or after this time, with its zone, by the machine's clock")
	flags.StringVar(&to, "to", "", "only what came before this time")
	flags.StringVar(&user, "user", "", "only of this person (id)")
	flags.BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return cmd
}

// listReads calls show with page after page, from the file or from the server that has it.
func listReads(ctx context.Context, where *reach, q readlog.Query, show func([]api.KeptRead) error) (err error) {
	page, end, err := where.reads(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	for {
		list, err := page(q)
		if err != nil {
			return refused(err)
		}
		if err := show(list); err != nil || len(list) < q.Limit {
			return err
		}
		q.After = list[len(list)-1].Seq
	}
}

// reads finds who has the reads: the server at --url, the directory, or the server that has it. page gives those after the query's.
func (r *reach) reads(ctx context.Context) (page func(q readlog.Query) ([]api.KeptRead, error), end func() error, err error) {
	var held *lock.HeldError
	if r.url == "" {
		reads, err := server.OpenReads(ctx, r.dir)
		if err == nil {
			return func(q readlog.Query) (list []api.KeptRead, err error) {
				kept, err := reads.List(ctx, q)
				for _, k := range kept {
					list = append(list, httpapi.ShowRead(k))
				}
				return list, err
			}, reads.Close, nil
		}
		if !errors.As(err, &held) {
			return nil, nil, err
		}
		if _, serving, err := server.FindServing(r.dir); err != nil || !serving {
			return nil, nil, errors.Join(err, inUse(held))
		}
	}
	c, _, token, err := r.connect("jejak serve")
	if err != nil {
		return nil, nil, err
	}
	t := there{client: c, token: token}
	return func(q readlog.Query) ([]api.KeptRead, error) { return t.reads(ctx, q) }, t.close, nil
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
		return nil, err
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, fmt.Errorf("read the server's answer: %w", err)
	}
	return list, nil
}

// readsShown prints pages of reads.
func readsShown(w io.Writer, asJSON bool) func([]api.KeptRead) error {
	shown := 0
	return func(list []api.KeptRead) error {
		if shown += len(list); shown == 0 && !asJSON {
			err := terminal.Fprintf(w, "nothing was read\n")
			return err
		}
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
				err = terminal.Fprintf(w, "%s  %-10s %s of %s  %-5s %s %s, %s bytes\n", r.At, r.User, r.Role, r.Scope, status, r.Method, what, terminal.Number(r.Bytes))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}
