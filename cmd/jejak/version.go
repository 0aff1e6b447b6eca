package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jejak/internal/api"
	"jejak/internal/exit"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

// build says which program this is.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built from a tree with changes that are not in Commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// version is set by who builds without the history of the source at hand: -ldflags "-X main.version=v1.2.3".
var version string

func thisBuild() build {
	b := build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	if version != "" {
		b.Version = version
	}
	return b
}

const versionHelp = `Print which build this is.

With --server it asks the server that has the data directory instead: its version when it takes commands, exit code 1 with the reasons when
it does not at present, 4 when there is none. A container's health check can use it.`

func newVersionCommand() *cobra.Command {
	var (
		dir         string
		ask, asJSON bool
	)
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print which build this is, or ask the running server",
		Long:    versionHelp,
		Example: "  jejak version\n  jejak version --json\n  jejak version --server --data ./jejak-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if ask {
				return serverVersion(cmd, dir, asJSON)
			}
			b := thisBuild()
			if asJSON {
				return printJSON(cmd.OutOrStdout(), b)
			}
			err := terminal.Fprintf(cmd.OutOrStdout(), "jejak %s (%s, %s)\n", b.Version, b.Go, b.Platform)
			return err
		},
	}
	dataFlag(cmd.Flags(), &dir)
	cmd.Flags().BoolVar(&ask, "server", false, "ask the server of the data directory")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// serverVersion asks the server of a directory whether it takes commands.
func serverVersion(cmd *cobra.Command, dir string, asJSON bool) error {
	serving, found, err := server.FindServing(dir)
	if err != nil {
		return err
	}
	if !found {
		return exit.Errorf(exit.Unreachable, "no server has the data directory %s: start one with jejak serve --data %s", dir, dir)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), 4*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, serving.HTTP+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("ask the server of %s: %w", dir, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return exit.Errorf(exit.Unreachable, "ask the server of %s: %w", dir, err)
	}
	defer resp.Body.Close()
	var health api.Health
	if err := json.NewDecoder(resp.Body).Decode(&health); err != nil {
		return fmt.Errorf("read what the server of %s says: %w", dir, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server at %s takes no commands: %s", serving.HTTP, strings.Join(health.Problems, "; "))
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), health)
	}
	err = terminal.Fprintf(cmd.OutOrStdout(), "jejak %s at %s: ready\n", health.Version, serving.HTTP)
	return err
}

// printJSON writes v as one line.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
