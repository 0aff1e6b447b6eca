package wire

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// allowed checks the caller of a method. Gossip and server features are open to all, as they are in EventStoreDB.
func (o *Options) allowed(ctx context.Context, method string) error {
	if o.User == "" || !strings.HasPrefix(method, "/event_store.client.streams.") {
		return nil
	}
	md, _ := metadata.FromIncomingContext(ctx)
	headers := md.Get("authorization")
	if len(headers) == 0 {
		return refuse(codes.PermissionDenied, "Access Denied", "exception", "access-denied")
	}
	scheme, encoded, _ := strings.Cut(headers[0], " ")
	account, err := base64.StdEncoding.DecodeString(encoded)
	if !strings.EqualFold(scheme, "basic") || err != nil || subtle.ConstantTimeCompare(account, []byte(o.User+":"+o.Password)) != 1 {
		return status.Error(codes.Unauthenticated, "Unauthenticated")
	}
	return nil
}

func (o *Options) interceptors() []grpc.ServerOption {
	unary := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if err := o.allowed(ctx, info.FullMethod); err != nil {
			return nil, withTrailer(err, func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) })
		}
		return handler(ctx, req)
	}
	stream := func(srv any, call grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if err := o.allowed(call.Context(), info.FullMethod); err != nil {
			return withTrailer(err, call.SetTrailer)
		}
		return handler(srv, call)
	}
	return []grpc.ServerOption{grpc.UnaryInterceptor(unary), grpc.StreamInterceptor(stream)}
}
