package wire

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type featureService struct {
	serverfeatures.UnimplementedServerFeaturesServer
	*run
}

func (s featureService) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	methods := &serverfeatures.SupportedMethods{EventStoreServerVersion: s.opt.Version}
	for _, name := range []string{"read", "append", "delete", "tombstone"} {
		methods.Methods = append(methods.Methods, &serverfeatures.SupportedMethod{ServiceName: "event_store.client.streams.streams", MethodName: name})
	}
	return methods, nil
}

type gossipService struct {
	gossip.UnimplementedGossipServer
	*run
}

// deadAddress is where nobody listens: the port is reserved.
const deadAddress = "127.0.0.1:1"

func (s gossipService) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	h := s.faults
	h.mu.Lock()
	notReady, moved, leader, lie := h.notReady, h.moved, h.leader, h.lie
	h.mu.Unlock()
	switch {
	case notReady:
		return nil, status.Error(codes.Unavailable, "Server Is Not Ready")
	case h.take(OpGossip, Unavailable):
		return nil, status.Error(codes.Unavailable, "Server Is Too Busy")
	case h.take(OpGossip, GossipLies):
		if lie == "" {
			lie = deadAddress
		}
		return members(member(lie, gossip.MemberInfo_Leader, true), member(s.address, gossip.MemberInfo_Follower, false)), nil
	case moved:
		return members(member(leader, gossip.MemberInfo_Leader, true), member(s.address, gossip.MemberInfo_Follower, true)), nil
	}
	return members(member(s.address, gossip.MemberInfo_Leader, true)), nil
}

func members(m ...*gossip.MemberInfo) *gossip.ClusterInfo { return &gossip.ClusterInfo{Members: m} }

func member(address string, state gossip.MemberInfo_VNodeState, alive bool) *gossip.MemberInfo {
	host, port, _ := net.SplitHostPort(address)
	n, _ := strconv.ParseUint(port, 10, 16)
	return &gossip.MemberInfo{
		State: state, IsAlive: alive, TimeStamp: ticks(time.Now()),
		HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(n)},
	}
}
