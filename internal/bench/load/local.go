package load

import (
	"context"
	"fmt"
	"net"
)

// CheckLocal is a [RemoteError] if an address of the host is not one of this
// machine.
func CheckLocal(ctx context.Context, host string) error {
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return fmt.Errorf("looking up %s: %w", host, err)
	}
	local, err := localAddresses()
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if a = a.Unmap(); !a.IsLoopback() && !local[a.WithZone("")] {
			return &RemoteError{host, a}
		}
	}
	return nil
}
