package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/exit"
	"jejak/internal/terminal"
)

const userHelp = `People are random ids in the log. Their names and telephone numbers are in people.db alone, and of their tokens only a hash.

While a server has the data directory, the commands go through it with the token in --token-file, by default DIR/admin.token; otherwise they
change people.db themselves. --url asks a server elsewhere. A token is shown once, when it is made: it cannot be read back.`

func newUserCommand() *cobra.Command {
	return group("user", "Add, revoke and forget the people who may use the server", userHelp,
		newUserAddCommand(), newUserImportCommand(), newUserRevokeCommand(), newUserForgetCommand())
}

func newUserAddCommand() *cobra.Command {
	var (
		r      reach
		asJSON bool
		user   api.NewUser
	)
	cmd := &cobra.Command{
		Use:   "add --role ROLE --scope CODE",
		Short: "Add one person and print the token",
		Long: "Add one person and print the token, once.\n\nThe scope is a region code (province 2, regency 4, district 6, village 10, station 13 digits), or a police unit " +
			"for an escort.\nRoles: " + roleNames(),
		Example: `  jejak user add --role operator --scope 3578 --name "Budi"
  jejak user add --role escort --scope P3578A --expires 2024-02-20T00:00:00+07:00 --json
  jejak user add --role supplier --scope 35 --party PT-TEMPRINA
  jejak user add --role village --scope 3578101001 --data ./demo-data`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if user.Role == "" || user.Scope == "" {
				return exit.Errorf(exit.Usage, "add a user: --role and --scope are needed (roles: %s)", roleNames())
			}
			var added []api.User
			err := atOffice(cmd.Context(), &r, true, func(o office) (err error) {
				added, err = o.add(cmd.Context(), "", []api.NewUser{user})
				return err
			})
			if err != nil {
				return fmt.Errorf("add a user: %w", err)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]string{"id": added[0].ID, "token": added[0].Token})
			}
			return terminal.Fprintf(cmd.OutOrStdout(), "user   %s\nrole   %s of %s\ntoken  %s\n\nThe token is shown this once. It goes into the header  Authorization: Bearer TOKEN\n",
				added[0].ID, added[0].Role, added[0].Scope, added[0].Token)
		},
	}
	flags := cmd.Flags()
	r.flags(flags)
	flags.StringVar(&user.Role, "role", "", "role of the person")
	flags.StringVar(&user.Scope, "scope", "", "region code or police unit that the person acts for")
	flags.StringVar(&user.Party, "party", "", "firm of a supplier or carrier, as the supplier of its orders is written (letters, digits, dashes)")
	flags.StringVar(&user.Name, "name", "", "name, kept in people.db only")
	flags.StringVar(&user.Phone, "phone", "", "telephone number, kept in people.db only")
	flags.StringVar(&user.Expires, "expires", "", "time after which the token is bad, RFC 3339 with offset")
	flags.BoolVar(&asJSON, "json", false, `print {"id", "token"}`)
	return cmd
}

func newUserRevokeCommand() *cobra.Command {
	var (
		r      reach
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:     "revoke ID",
		Short:   "Make a person's token bad from now on",
		Example: "  jejak user revoke u_5hx2k7ab",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var revoked api.User
			err := atOffice(cmd.Context(), &r, false, func(o office) (err error) {
				revoked, err = o.revoke(cmd.Context(), args[0])
				return err
			})
			if err != nil {
				return fmt.Errorf("revoke a user: %w", err)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), revoked)
			}
			return terminal.Fprintf(cmd.OutOrStdout(), "user %s is revoked since %s\n", revoked.ID, revoked.Revoked)
		},
	}
	r.flags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the account")
	return cmd
}

const forgetHelp = `Delete what is kept of a person, for good: name, telephone number, token. No byte of it is left in people.db. The token is bad from now on, and
connections over NATS end. The id stays in the log, with role and scope, so that the log still verifies; everything shows the id alone.

Backups that were taken before still have the person: delete them when they are no longer needed. The last admin of an area is not forgotten.`

func newUserForgetCommand() *cobra.Command {
	var (
		r      reach
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:     "forget ID",
		Short:   "Delete a person's name, telephone number and token for good",
		Long:    forgetHelp,
		Example: "  jejak user forget usr-5hx2k7ab",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var f api.Forgotten
			err := atOffice(cmd.Context(), &r, false, func(o office) (err error) {
				f, err = o.forget(cmd.Context(), args[0])
				return err
			})
			if err != nil {
				return fmt.Errorf("forget a user: %w", err)
			}
			switch {
			case asJSON:
				return printJSON(cmd.OutOrStdout(), f)
			case f.Already:
				return terminal.Fprintf(cmd.OutOrStdout(), "user %s was forgotten at %s: nothing was done\n", f.ID, f.Forgotten)
			default:
				return terminal.Fprintf(cmd.OutOrStdout(), "user %s is forgotten; backups taken before still have the person\n", f.ID)
			}
		},
	}
	r.flags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was forgotten, and whether it was before")
	return cmd
}

func roleNames() string {
	roles := access.Roles()
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return strings.Join(names, " ")
}
