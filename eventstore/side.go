package eventstore

import (
	"context"
	"iter"
)

// SidePrefix begins the names of streams that stand beside the log: on the same engine and as durable, but in none of its positions, so that what follows the
// log does not meet them. What is said about the log is kept there, such as its signatures.
const SidePrefix = "side-"

// Side is the streams beside a log. Each method is as that of Store; positions order the records beside the log among themselves.
type Side interface {
	Append(ctx context.Context, stream string, expected Version, events ...Event) (Position, error)
	Read(ctx context.Context, stream string, after Version) iter.Seq2[Record, error]
	StreamHead(ctx context.Context, stream string) (Version, Position, error)
}
