package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"jejak/internal/api"
	"jejak/internal/exit"
	"jejak/internal/terminal"
)

const feedHelp = `The event feed is what the server publishes over NATS: a copy of the log for those who follow it live. The log is the truth, so the feed can
always be published anew.`

func newFeedCommand() *cobra.Command {
	return group("feed", "The event feed over NATS", feedHelp, newFeedRebuildCommand(), newFeedKeysCommand())
}

func newFeedRebuildCommand() *cobra.Command {
	var (
		dir    string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Publish the feed anew from the first record of the log",
		Long: `Replace everything in the stream JEJAK by what the log has, and put the status of every regency anew. The messages are marked as replay
(Jejak-Replay: true); who follows the feed gets them again. The running server does it, with the token in DIR/admin.token; it goes on when this command is interrupted.`,
		Example: "  jejak feed rebuild\n  jejak feed rebuild --data ./jejak-data --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, ok, err := askServer(dir, "")
			if err != nil {
				return fmt.Errorf("rebuild the feed: %w", err)
			}
			if !ok {
				return exit.Errorf(exit.Unreachable, "rebuild the feed: no server serves %s: start it with jejak serve --data %s", dir, dir)
			}
			live, watched := terminal.NewLive(cmd.ErrOrStderr()), terminal.Watched(cmd.ErrOrStderr())
			var last api.FeedRebuild
			err = t.client.RebuildFeed(cmd.Context(), t.token, func(position, to uint64) {
				last = api.FeedRebuild{Position: position, To: to, Done: true}
				if watched {
					live.Paint(terminal.Sprintf("%s position %s of %s\n", terminal.Bar(int64(position), int64(to), 30), terminal.Number(int64(position)), terminal.Number(int64(to))))
				}
			})
			if err != nil {
				return fmt.Errorf("rebuild the feed: %w", err)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), last)
			}
			return terminal.Fprintf(cmd.OutOrStdout(), "the feed is published anew up to position %s\n", terminal.Number(int64(last.To)))
		},
	}
	dataFlag(cmd.Flags(), &dir)
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"position", "to", "done"}`)
	return cmd
}
