#pragma once
// The key by which a node shows itself to others, replaced without a pause: first the roster lists both pins,
// then the node shows the new one, then the old one is taken out.

#include "exchange/federation/federation.h"

namespace shieldwall::exchange::federation {

/// Makes a new TLS key, keeps it beside the present one and tells every alliance its pin. Half of the overlap
/// later the node shows it, without being started anew; at the end the roster lists it alone.
///   errors  conflict: one is being replaced, or this node's cannot be; unavailable: told to nobody yet
Done replace_tls(Federation& federation, Duration overlap);

/// What is due of it; `at_once`: the next step now, whatever its instant.
///   errors  conflict: at once, and an alliance does not list the new pin yet, or nothing is being replaced
Done tend_tls(Federation& federation, bool at_once = false);

/// When a node starts: goes on where it stopped.
Done load_tls(Federation& federation);

struct TlsTimes {
  bool is_shown = false;  // the new key, already
  Timestamp shown{};      // from when on
  Timestamp end{};        // of the overlap
};
/// Nothing: none is being replaced.
Result<std::optional<TlsTimes>> tls_times(Federation& federation);

}  // namespace shieldwall::exchange::federation
