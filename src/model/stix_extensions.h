#pragma once
// The predefined extensions of cyber-observables, section 3.10. Internal to stix_*.cpp.

#include "model/stix_schema.h"

namespace shieldwall::model {

extern const std::span<const Structure> file_extensions;             // 6.7.2 - 6.7.6
extern const std::span<const Structure> network_traffic_extensions;  // 6.12.2 - 6.12.5
extern const std::span<const Structure> process_extensions;          // 6.13.2, 6.13.3
extern const std::span<const Structure> user_account_extensions;     // 6.16.2

}  // namespace shieldwall::model
