package main

import (
	"github.com/spf13/cobra"

	"jejak/internal/broker"
	"jejak/internal/terminal"
)

func newFeedKeysCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "keys DIR",
		Short: "Make the keys by which a NATS cluster and Jejak know each other",
		Long: `Make the three secret keys that jejak serve --nats needs, in DIR, for their owner alone: nats-user.seed (--nats-creds), nats-system.seed
(--nats-system-creds) and nats-issuer.seed (--nats-issuer). A key that is there is never changed.

It prints the public keys, which are no secret, as the variables that the configuration of the NATS servers reads (deploy/nats.conf).`,
		Example: "  jejak feed keys /etc/jejak/nats > nats.env\n  jejak feed keys /etc/jejak/nats --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := broker.MakeClusterKeys(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), keys)
			}
			err = terminal.Fprintf(cmd.OutOrStdout(), "JEJAK_NATS_USER_KEY=%s\nJEJAK_NATS_SYSTEM_KEY=%s\nJEJAK_NATS_ISSUER_KEY=%s\n", keys.User, keys.System, keys.Issuer)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print them as one object, by the same names")
	return cmd
}
