package store

import "context"

func openMessageDB(context.Context, string, int) (appender, error) {
	return nil, &absentError{"PostgreSQL and message-db are not set up by this program yet"}
}
