package main

import "github.com/spf13/cobra"

func newAuditCommand() *cobra.Command {
	return group("audit", "Check what the log holds", "Commands of those who check.", newVerifyCommand(), newProveCommand(), newCheckCommand(), newReadsCommand(),
		newAsOfCommand(), newTimelineCommand(), newDiffCommand(), newBelievedCommand(), newReplayCommand(), newExportCommand())
}
