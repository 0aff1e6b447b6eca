package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
)

// addrOf is the address of a host and port, or of a host; the zero address where it is none.
func addrOf(text string) netip.Addr {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// trusted tells whether an address is that of a proxy which was named.
func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// from is the address that a request comes from. Behind a proxy that was named it is what the proxy says: the last of X-Forwarded-For that is not
// itself such a proxy. What stands before it anybody may have written. Of a proxy that was not named nothing is believed.
func (s *Server) from(r *http.Request) netip.Addr {
	at := addrOf(r.RemoteAddr)
	if !s.trusted(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := addrOf(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			return at // the proxy itself, or who is before it, does not tell
		}
		if at = hop; !s.trusted(hop) {
			return at
		}
	}
	return at
}
