// Registries that the standard points to, as far as its SHOULDs need them. Each is one line of words.

#include <algorithm>

#include "base/text.h"
#include "model/object_check.h"

namespace shieldwall::model {

namespace {

// ISO 3166-1 alpha-2, officially assigned.
constexpr std::string_view countries =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS "
    "BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE "
    "EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC "
    "LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO "
    "TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

// ISO 639-1, and ISO 639-2 with its bibliographic codes.
constexpr std::string_view languages_2 =
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da "
    "de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz "
    "ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln "
    "lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi "
    "pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti "
    "tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ";
constexpr std::string_view languages_3 =
    "aar abk ace ach ada ady afa afh afr ain aka akk alb ale alg alt amh ang anp apa ara arc arg arm "
    "arn arp art arw asm ast ath aus ava ave awa aym aze bad bai bak bal bam ban baq bas bat bej bel "
    "bem ben ber bho bih bik bin bis bla bnt bod bos bra bre btk bua bug bul bur byn cad cai car cat "
    "cau ceb cel ces cha chb che chg chi chk chm chn cho chp chr chu chv chy cmc cnr cop cor cos cpe "
    "cpf cpp cre crh crp csb cus cym cze dak dan dar day del den deu dgr din div doi dra dsb dua dum "
    "dut dyu dzo efi egy eka ell elx eng enm epo est eus ewe ewo fan fao fas fat fij fil fin fiu fon "
    "fra fre frm fro frr frs fry ful fur gaa gay gba gem geo ger gez gil gla gle glg glv gmh goh gon "
    "gor got grb grc gre grn gsw guj gwi hai hat hau haw heb her hil him hin hit hmn hmo hrv hsb hun "
    "hup hye iba ibo ice ido iii ijo iku ile ilo ina inc ind ine inh ipk ira iro isl ita jav jbo jpn "
    "jpr jrb kaa kab kac kal kam kan kar kas kat kau kaw kaz kbd kha khi khm kho kik kin kir kmb kok "
    "kom kon kor kos kpe krc krl kro kru kua kum kur kut lad lah lam lao lat lav lez lim lin lit lol "
    "loz ltz lua lub lug lui lun luo lus mac mad mag mah mai mak mal man mao map mar mas may mdf mdr "
    "men mga mic min mis mkd mkh mlg mlt mnc mni mno moh mon mos mri msa mul mun mus mwl mwr mya myn "
    "myv nah nai nap nau nav nbl nde ndo nds nep new nia nic niu nld nno nob nog non nor nqo nso nub "
    "nwc nya nym nyn nyo nzi oci oji ori orm osa oss ota oto paa pag pal pam pan pap pau peo per phi "
    "phn pli pol pon por pra pro pus que raj rap rar roa roh rom ron rum run rup rus sad sag sah sai "
    "sal sam san sas sat scn sco sel sem sga sgn shn sid sin sio sit sla slk slo slv sma sme smi smj "
    "smn smo sms sna snd snk sog som son sot spa sqi srd srn srp srr ssa ssw suk sun sus sux swa swe "
    "syc syr tah tai tam tat tel tem ter tet tgk tgl tha tib tig tir tiv tkl tlh tli tmh tog ton tpi "
    "tsi tsn tso tuk tum tup tur tut tvl twi tyv udm uga uig ukr umb und urd uzb vai ven vie vol vot "
    "wak wal war was wel wen wln wol xal xho yao yap yid yor ypk zap zbl zen zgh zha zho znd zul zun "
    "zxx zza ";

// RFC 9110 and the IANA registry of field names, those that requests carry, and common names outside it.
constexpr std::string_view request_headers =
    "a-im accept accept-charset accept-datetime accept-encoding accept-language access-control- "
    "request-headers access-control-request-method alt-used authorization cache-control connection "
    "content-encoding content-language content-length content-location content-md5 content-type "
    "cookie date dnt depth destination expect forwarded from front-end-https host http2-settings if "
    "if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive link max- "
    "forwards mime-version origin overwrite pragma prefer priority proxy-authorization proxy- "
    "connection range referer save-data sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user "
    "sec-gpc sec-websocket-extensions sec-websocket-key sec-websocket-protocol sec-websocket-version "
    "te trailer transfer-encoding upgrade upgrade-insecure-requests user-agent via warning x-att- "
    "deviceid x-correlation-id x-csrf-token x-forwarded-for x-forwarded-host x-forwarded-proto "
    "x-http-method-override x-request-id x-requested-with x-uidh x-wap-profile ";

// Linux, BSD and Windows, by family.
constexpr std::string_view so_options =
    "ACCEPTCONN ATTACH_BPF ATTACH_FILTER ATTACH_REUSEPORT_CBPF ATTACH_REUSEPORT_EBPF BINDTODEVICE "
    "BINDTOIFINDEX BROADCAST BSDCOMPAT BSP_STATE BUSY_POLL BUSY_POLL_BUDGET CNX_ADVICE "
    "CONDITIONAL_ACCEPT CONFIRM_NAME CONNDATA CONNDATALEN CONNECT_TIME CONNOPT CONNOPTLEN COOKIE "
    "DEBUG DEREGISTER_NAME DETACH_BPF DETACH_FILTER DISCDATA DISCDATALEN DISCOPT DISCOPTLEN DOMAIN "
    "DONTLINGER DONTROUTE ERROR EXCLUSIVEADDRUSE GETLOCALZONES GETMYZONE GETNETINFO GETZONELIST "
    "GROUP_ID GROUP_PRIORITY INCOMING_CPU INCOMING_NAPI_ID KEEPALIVE LINGER LOCK_FILTER LOOKUP_MYZONE "
    "LOOKUP_NAME LOOKUP_NETDEF_ON_ADAPTER LOOKUP_ZONES LOOKUP_ZONES_ON_ADAPTER MARK MAXDG MAXPATHDG "
    "MAX_MSG_SIZE MAX_PACING_RATE MEMINFO NETNS_COOKIE NOFCS NOSIGPIPE NO_CHECK OOBINLINE OPENTYPE "
    "PAP_GET_SERVER_STATUS PAP_PRIME_READ PAP_SET_SERVER_STATUS PASSCRED PASSSEC PAUSE_ACCEPT "
    "PEEK_OFF PEERCRED PEERGROUPS PEERNAME PEERSEC PORT_SCALABILITY PREFER_BUSY_POLL PRIORITY "
    "PROTOCOL PROTOCOL_INFO PROTOCOL_INFOA PROTOCOL_INFOW RANDOMIZE_PORT RCVBUF RCVBUFFORCE RCVLOWAT "
    "RCVTIMEO REGISTER_NAME REMOVE_NAME REUSEADDR REUSEPORT REUSE_MULTICASTPORT REUSE_UNICASTPORT "
    "RXQ_OVFL SELECT_ERR_QUEUE SNDBUF SNDBUFFORCE SNDLOWAT SNDTIMEO TIMESTAMP TIMESTAMPING "
    "TIMESTAMPNS TXTIME TYPE UPDATE_ACCEPT_CONTEXT UPDATE_CONNECT_CONTEXT USELOOPBACK WIFI_STATUS "
    "ZEROCOPY ";
constexpr std::string_view ip_options =
    "ADD_MEMBERSHIP ADD_SOURCE_MEMBERSHIP BIND_ADDRESS_NO_PORT BLOCK_SOURCE CHECKSUM DONTFRAG "
    "DONTFRAGMENT DROP_MEMBERSHIP DROP_SOURCE_MEMBERSHIP FREEBIND HDRINCL IPSEC_POLICY MINTTL "
    "MSFILTER MTU MTU_DISCOVER MULTICAST_ALL MULTICAST_IF MULTICAST_LOOP MULTICAST_TTL NODEFRAG "
    "OPTIONS ORIGDSTADDR ORIGINAL_ARRIVAL_IF PASSSEC PKTINFO PORTRANGE RECEIVE_BROADCAST RECVDSTADDR "
    "RECVERR RECVIF RECVOPTS RECVORIGDSTADDR RECVRETOPTS RECVTOS RECVTTL RETOPTS ROUTER_ALERT TOS "
    "TRANSPARENT TTL UNBLOCK_SOURCE UNICAST_IF WFP_REDIRECT_CONTEXT WFP_REDIRECT_RECORDS XFRM_POLICY ";
constexpr std::string_view ipv6_options =
    "ADDRFORM ADDR_PREFERENCES ADD_MEMBERSHIP AUTHHDR AUTOFLOWLABEL CHECKSUM DONTFRAG DROP_MEMBERSHIP "
    "DSTOPTS FLOWINFO FREEBIND HDRINCL HOPLIMIT HOPOPTS IPSEC_POLICY JOIN_ANYCAST JOIN_GROUP "
    "LEAVE_ANYCAST LEAVE_GROUP MINHOPCOUNT MTU MTU_DISCOVER MULTICAST_ALL MULTICAST_HOPS MULTICAST_IF "
    "MULTICAST_LOOP NEXTHOP ORIGDSTADDR PATHMTU PKTINFO PROTECTION_LEVEL RECVDSTOPTS RECVERR "
    "RECVFRAGSIZE RECVHOPLIMIT RECVHOPOPTS RECVIF RECVORIGDSTADDR RECVPATHMTU RECVPKTINFO RECVRTHDR "
    "RECVTCLASS ROUTER_ALERT RTHDR RTHDRDSTOPTS TCLASS TRANSPARENT UNICAST_HOPS UNICAST_IF "
    "USE_MIN_MTU V6ONLY XFRM_POLICY ";
constexpr std::string_view tcp_options =
    "BSDURGENT CC_INFO CONGESTION CORK DEFER_ACCEPT EXPEDITED_1122 FASTOPEN FASTOPEN_CONNECT "
    "FASTOPEN_KEY INFO INQ KEEPALIVE KEEPCNT KEEPIDLE KEEPINTVL LINGER2 MAXRT MAXSEG MD5SIG "
    "MD5SIG_EXT NODELAY NOPUSH NOTSENT_LOWAT QUICKACK REPAIR SAVED_SYN SAVE_SYN SYNCNT TIMESTAMP "
    "TIMESTAMPS TX_DELAY ULP USER_TIMEOUT WINDOW_CLAMP ZEROCOPY_RECEIVE ";
constexpr std::string_view mcast_options =
    "BLOCK_SOURCE JOIN_GROUP JOIN_SOURCE_GROUP LEAVE_GROUP LEAVE_SOURCE_GROUP MSFILTER UNBLOCK_SOURCE ";
constexpr std::string_view irlmp_options =
    "9WIRE_MODE DISCOVERY_MODE ENUMDEVICES EXCLUSIVE_MODE IAS_QUERY IAS_SET IRLPT_MODE PARAMETERS "
    "SEND_PDU_LEN SHARP_MODE TINYTP_MODE ";

/// Whether `words`, each followed by a space, holds `word`.
bool holds(std::string_view words, std::string_view word) {
  if (word.empty() || word.contains(' ')) return false;
  for (auto at = words.find(word); at != words.npos; at = words.find(word, at + 1))
    if ((at == 0 || words[at - 1] == ' ') && words[at + word.size()] == ' ') return true;
  return false;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool made_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) { return is_letter_or_digit(c) || others.contains(c); });
}

}  // namespace

bool is_country(std::string_view code) {
  std::string upper(code);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  return holds(countries, upper);
}

bool is_language(std::string_view subtag) {
  const std::string lower = to_lower_ascii(subtag);
  if (lower.size() == 2) return holds(languages_2, lower);
  return lower.size() >= 3 && lower.size() <= 8;
}

bool is_common_language(std::string_view subtag) {
  return subtag.size() != 3 || holds(languages_3, to_lower_ascii(subtag));
}

bool is_http_request_header(std::string_view name) {
  return holds(request_headers, to_lower_ascii(name));
}

bool is_socket_option(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> families[] = {
      {"SO_", so_options},
      {"IP_", ip_options},
      {"IPV6_", ipv6_options},
      {"TCP_", tcp_options},
      {"MCAST_", mcast_options},
      {"IRLMP_", irlmp_options},
      {"ICMP_", "FILTER "},
      {"ICMP6_", "FILTER "},
  };
  for (const auto& [prefix, options] : families)
    if (name.starts_with(prefix) && holds(options, name.substr(prefix.size()))) return true;
  return false;
}

bool is_media_type(std::string_view text) {
  static constexpr std::string_view top[] = {"application",
                                             "audio",
                                             "example",
                                             "font",
                                             "haptics",
                                             "image",
                                             "message",
                                             "model",
                                             "multipart",
                                             "text",
                                             "video"};
  const auto slash = text.find('/');
  if (slash == text.npos || !contains(top, text.substr(0, slash))) return false;
  auto name = text.substr(slash + 1);
  name = trimmed(name.substr(0, name.find(';')));  // parameters
  return !name.empty() && made_of(name, "!#$&-^_.+");
}

bool is_character_set(std::string_view text) {
  return !text.empty() && text.size() <= 40 && made_of(text, "-_.:()+");
}

bool is_protocol(std::string_view text) {
  return !text.empty() && text.size() <= 15 && made_of(text, "-");
}

}  // namespace shieldwall::model
