package share

import "net/netip"

// Address is what an address is counted as, in text: who has one of IPv6 has the 2^64 beside it too. What is no address is counted as itself.
func Address(text string) string {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	return Group(a.Unmap().WithZone(""))
}

// Group is what an address is counted as: itself, or of IPv6 its network of 64 bits.
func Group(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
