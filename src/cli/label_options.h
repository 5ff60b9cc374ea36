#pragma once
// The options that say under which label something is released, as query parameters of the API name them.

#include "cli/accepts.h"

namespace shieldwall::cli {

inline constexpr Option label_tlp_option{"--tlp",
                                         "clear, green, amber, amber_strict or red: at least this strict",
                                         Takes::one,
                                         false,
                                         accepts::tlp};
inline constexpr Option label_pap_option{
    "--pap", "clear, green, amber or red: at least this strict", Takes::one, false, accepts::pap};
inline constexpr Option label_must_not_option{
    "--must-not", "notify_affected, attribute, resell, regulate, separated by commas"};
inline constexpr Option label_persons_option{
    "--persons", "only these: ORGANISATION:PERSON, both UUIDs, separated by commas"};
inline constexpr Option label_embargo_option{"--embargo",
                                             "instant before which nobody but the organisation sees it",
                                             Takes::one,
                                             false,
                                             accepts::instant};
inline constexpr Option label_end_option{"--end",
                                         "instant from which on nobody but the organisation sees it",
                                         Takes::one,
                                         false,
                                         accepts::instant};

}  // namespace shieldwall::cli
