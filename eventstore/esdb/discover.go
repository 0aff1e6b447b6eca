package esdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"jejak/eventstore"
)

// discover asks the seeds which nodes there are, and takes the best that answers. It ends by itself: each question has gossipTimeout, and
// there is one round; the next call begins another.
func (s *server) discover(found *search) {
	n, err := s.choose()
	if err != nil {
		err = &failure{fault: unreachable, err: fmt.Errorf("no node of the EventStoreDB cluster %s can be used: %w: %w", s.name, err, eventstore.ErrUnavailable)}
		// Callers that try again at once would otherwise ask the seeds without a pause.
		select {
		case <-time.After(time.Duration(s.config.DiscoveryInterval) * time.Millisecond):
		case <-s.ctx.Done():
		}
	}
	s.mu.Lock()
	if n != nil {
		if s.closed {
			_ = n.conn.Close()
		} else {
			s.node = n
		}
	}
	found.err, s.search = err, nil
	s.mu.Unlock()
	close(found.done)
}

func (s *server) choose() (*node, error) {
	seeds := []string{s.config.Address}
	if !s.config.DnsDiscover {
		seeds = seeds[:0]
		for _, seed := range s.config.GossipSeeds {
			seeds = append(seeds, seed.String())
		}
	}
	rand.Shuffle(len(seeds), func(i, j int) { seeds[i], seeds[j] = seeds[j], seeds[i] })
	var wrong []error
	for _, seed := range seeds {
		addresses, err := s.members(seed)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		for _, address := range addresses {
			n, err := s.connect(address)
			if err != nil {
				wrong = append(wrong, err)
				continue
			}
			// What gossip says may be old or wrong: a node is taken when it has answered.
			if err := s.ask(n); err != nil {
				wrong = append(wrong, err)
				_ = n.conn.Close()
				continue
			}
			return n, nil
		}
	}
	return nil, errors.Join(wrong...)
}

func (s *server) patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, time.Duration(max(s.config.GossipTimeout, 1))*time.Second)
}

// members are the addresses that a seed announces, the preferred first.
func (s *server) members(seed string) ([]string, error) {
	ctx, cancel := s.patience()
	defer cancel()
	n, err := s.connect(seed)
	if err != nil {
		return nil, err
	}
	defer n.conn.Close()
	info, err := gossip.NewGossipClient(n.conn).Read(ctx, &shared.Empty{})
	if err != nil {
		return nil, fmt.Errorf("seed %s: %s", seed, status.Convert(err).Message())
	}
	var preferred, others []string
	for _, m := range info.GetMembers() {
		address := net.JoinHostPort(m.GetHttpEndPoint().GetAddress(), strconv.Itoa(int(m.GetHttpEndPoint().GetPort())))
		switch state := m.GetState(); {
		case !m.GetIsAlive() || !usableStates[state]:
		case state == wantedState[s.config.NodePreference]:
			preferred = append(preferred, address)
		default:
			others = append(others, address)
		}
	}
	shuffle := func(a []string) { rand.Shuffle(len(a), func(i, j int) { a[i], a[j] = a[j], a[i] }) }
	shuffle(preferred)
	shuffle(others)
	if all := append(preferred, others...); len(all) > 0 {
		return all, nil
	}
	return nil, fmt.Errorf("seed %s knows no node that is alive", seed)
}

var usableStates = map[gossip.MemberInfo_VNodeState]bool{
	gossip.MemberInfo_Leader: true, gossip.MemberInfo_Follower: true, gossip.MemberInfo_ReadOnlyReplica: true,
	gossip.MemberInfo_ReadOnlyLeaderless: true, gossip.MemberInfo_PreReadOnlyReplica: true,
}

var wantedState = map[client.NodePreference]gossip.MemberInfo_VNodeState{
	client.NodePreferenceLeader:          gossip.MemberInfo_Leader,
	client.NodePreferenceFollower:        gossip.MemberInfo_Follower,
	client.NodePreferenceReadOnlyReplica: gossip.MemberInfo_ReadOnlyReplica,
}

// ask finds out whether a node answers at all.
func (s *server) ask(n *node) error {
	ctx, cancel := s.patience()
	defer cancel()
	_, err := serverfeatures.NewServerFeaturesClient(n.conn).GetSupportedMethods(ctx, &shared.Empty{})
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return fmt.Errorf("node %s: %s", n.address, status.Convert(err).Message())
	}
	return nil // a refusal is an answer too
}
