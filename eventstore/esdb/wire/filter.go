package wire

import (
	"regexp"
	"strings"

	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// defaultWindow is how many records are looked at for a checkpoint when the client names no window.
const defaultWindow = 32

// parseFilter turns a filter of $all into a function, nil for none. Regular expressions are Go's here and .NET's in a real server.
func parseFilter(o *api.ReadReq_Options_FilterOptions) (func(*Record) bool, error) {
	if o == nil {
		return nil, nil
	}
	of := func(r *Record) string { return r.Stream }
	expression := o.GetStreamIdentifier()
	if o.GetEventType() != nil {
		of = func(r *Record) string { return r.Type }
		expression = o.GetEventType()
	}
	prefixes := expression.GetPrefix()
	switch {
	case expression.GetRegex() != "" && len(prefixes) > 0:
		return nil, status.Error(codes.InvalidArgument, "a filter has a regular expression or prefixes, not both")
	case expression.GetRegex() != "":
		re, err := regexp.Compile(expression.GetRegex())
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, "filter: "+err.Error())
		}
		return func(r *Record) bool { return re.MatchString(of(r)) }, nil
	case len(prefixes) == 0:
		return nil, status.Error(codes.InvalidArgument, "a filter needs a regular expression or prefixes")
	}
	return func(r *Record) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(of(r), p) {
				return true
			}
		}
		return false
	}, nil
}

// checkpointEvery is after how many records looked at a filtered subscription is told how far it is.
func checkpointEvery(o *api.ReadReq_Options_FilterOptions) uint64 {
	window := uint64(o.GetMax())
	if window == 0 {
		window = defaultWindow
	}
	return window * uint64(max(o.GetCheckpointIntervalMultiplier(), 1))
}
