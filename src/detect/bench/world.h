#pragma once
// The world of the benchmark: indicators, a log of mixed Zeek-style JSON lines and the truth of which line
// hits which indicator, all from one seed. What is planted comes from the indicators, everything else from
// pools that are disjoint from them by construction, so that the truth is exact.

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace shieldwall::detect::bench {

/// splitmix64 (Steele, Lea, Flood): a gigabyte wants a quick one.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    auto z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  /// As names in logs are: a few stand in most lines.
  std::uint64_t skewed(std::uint64_t bound) {
    const double u = static_cast<double>(next() >> 11) * 0x1p-53;
    return static_cast<std::uint64_t>(static_cast<double>(bound) * u * u * u);
  }
  template <typename T>
  const T& of(const std::vector<T>& list) {
    return list[skewed(list.size())];
  }

 private:
  std::uint64_t state_;
};

inline std::string word(Dice& dice, std::size_t least, std::size_t most) {
  std::string out;
  for (auto left = least + dice.below(most - least + 1); left > 0; --left)
    out += "aeioubcdfghjklmnprstvwz0"[dice.below(24)];
  return out;
}

inline std::string hex(Dice& dice, std::size_t digits) {
  std::string out;
  while (out.size() < digits) out += fmt::format("{:016x}", dice.next());
  out.resize(digits);
  return out;
}

inline constexpr std::string_view tops[] = {"com", "net", "org", "info", "io", "co.uk", "de", "shop"};

/// Names of indicators have an "x-" before their registered label, those of the background do not.
inline std::string domain(Dice& dice, bool of_indicator) {
  auto name = (of_indicator ? "x-" : "") + word(dice, 5, 14) + "." + std::string(tops[dice.below(8)]);
  if (!of_indicator && dice.below(3) > 0) name = word(dice, 2, 6) + "." + name;
  return name;
}

/// Last octets of indicators are odd, of the background even: both lie in the same networks.
inline std::string v4(Dice& dice, bool of_indicator) {
  const auto r = dice.next();
  const auto first = 11 + r % 79;  // no private space, none of the networks that are indicators
  return fmt::format(
      "{}.{}.{}.{}", first, r >> 8 & 255, r >> 16 & 255, (r >> 24 & 254) | (of_indicator ? 1 : 0));
}

inline std::string v6(Dice& dice, bool of_indicator) {
  const auto r = dice.next();
  return fmt::format("2a0{}:{:x}:{:x}::{:x}",
                     r & 7,
                     (r >> 4 & 0x3ff) + 16,
                     (r >> 14 & 0xfff) + 1,
                     (r >> 26 & 0xfffe) | (of_indicator ? 1 : 0) | 0x100);
}

struct Sizes {
  std::size_t domains = 350'000, children = 50'000, v4 = 270'000, v6 = 20'000, v4_networks = 9'000,
              v6_networks = 1'000, hashes = 200'000, urls = 100'000;
  static Sizes of(std::size_t all) {
    const auto part = [&](std::size_t of_million) {
      return std::max<std::size_t>(1, of_million * all / 1'000'000);
    };
    const Sizes full;
    return {part(full.domains),
            part(full.children),
            part(full.v4),
            part(full.v6),
            part(full.v4_networks),
            part(full.v6_networks),
            part(full.hashes),
            part(full.urls)};
  }
};

/// A planted value and the indicators it hits.
struct Planted {
  std::string text;
  std::vector<std::size_t> indicators;
};

class World {
 public:
  explicit World(const Sizes& sizes) : sizes_(sizes) {
    for (int i = 0; i < 50'000; ++i) domains_.push_back(domain(dice_, false));
    for (int i = 0; i < 100'000; ++i) v4_.push_back(v4(dice_, false));
    for (int i = 0; i < 10'000; ++i) v6_.push_back(v6(dice_, false));
    for (int i = 0; i < 300; ++i) agents_.push_back(agent());
    for (int i = 0; i < 20'000; ++i) uris_.push_back("/" + word(dice_, 3, 9) + "/" + word(dice_, 4, 30));
    make_indicators();
  }

  const std::vector<std::string>& indicators() const { return indicators_; }

  /// Writes lines until there are `bytes`; `truth` is told (line from 1, indicator).
  template <typename Truth>
  void write_log(std::FILE* file, std::uint64_t bytes, Truth&& truth) {
    std::uint64_t written = 0;
    std::string block;
    for (std::uint64_t line = 1; written < bytes; ++line) {
      const auto before = block.size();
      const auto planted = dice_.one_in(1000) ? plant() : Planted{};
      event(block, planted);
      for (const auto indicator : planted.indicators) truth(line, indicator);
      written += block.size() - before;
      if (block.size() < (1u << 20)) continue;
      std::fwrite(block.data(), 1, block.size(), file);
      block.clear();
    }
    std::fwrite(block.data(), 1, block.size(), file);
  }

 private:
  enum class As { v4, v6, domain, sha256, url } as_ = As::v4;

  std::string agent() {
    return fmt::format(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/{}.36 (KHTML, like Gecko) Chrome/{}.0.0.0 {}",
        500 + dice_.below(40),
        90 + dice_.below(50),
        word(dice_, 3, 12));
  }

  std::size_t add(std::string text) {
    indicators_.push_back(std::move(text));
    return indicators_.size() - 1;
  }

  template <typename Make>
  std::size_t fill(std::size_t count, Make&& make) {
    const auto first = indicators_.size();
    std::set<std::string> seen;
    while (indicators_.size() - first < count)
      if (auto text = make(); seen.insert(text).second) add(std::move(text));
    return first;
  }

  void make_indicators() {
    domain_ = fill(sizes_.domains, [&] { return domain(dice_, true); });
    child_ = fill(sizes_.children, [&] {
      return word(dice_, 3, 8) + "." + indicators_[domain_ + dice_.below(sizes_.domains)];
    });
    v4_at_ = fill(sizes_.v4, [&] { return v4(dice_, true); });
    v6_at_ = fill(sizes_.v6, [&] { return v6(dice_, true); });
    std::size_t n = 0;
    v4_network_ = fill(std::min<std::size_t>(sizes_.v4_networks, 4000), [&] {  // 100.64.0.0/10, one each /22
      ++n;
      return fmt::format("100.{}.{}.0/{}", 64 + (n >> 6 & 63), (n & 63) << 2, 22 + n % 3);
    });
    v6_network_ = fill(sizes_.v6_networks, [&] {
      ++n;
      return fmt::format("2001:db8:{:x}::/{}", n, n % 2 == 0 ? 48 : 64);
    });
    hash_ = fill(sizes_.hashes, [&] { return hex(dice_, 64); });
    url_ = fill(sizes_.urls, [&] {  // one in ten on a host that others visit too
      const auto host = dice_.one_in(10) ? domains_[dice_.below(200) * 7] : "u-" + domain(dice_, false);
      return "http://" + host + "/x" + word(dice_, 5, 20);
    });
  }

  /// The indicator with this number and, when it lies below another, that one.
  std::vector<std::size_t> with_parents(std::size_t number) {
    if (number < child_ || number >= child_ + sizes_.children) return {number};
    if (parents_.empty())
      for (std::size_t i = domain_; i < child_; ++i) parents_.emplace(indicators_[i], i);
    return {number, parents_.find(indicators_[number].substr(indicators_[number].find('.') + 1))->second};
  }

  Planted plant() {
    switch (dice_.below(8)) {
      case 0:
      case 1: {
        const auto at = v4_at_ + dice_.below(sizes_.v4);
        return as_ = As::v4, Planted{indicators_[at], {at}};
      }
      case 2: {  // in another spelling
        const auto at = v6_at_ + dice_.below(sizes_.v6);
        auto text = indicators_[at];
        text.replace(text.find("::"), 2, dice_.one_in(2) ? ":0000:0:0:0:" : ":0:0:0:0:");
        return as_ = As::v6, Planted{upper(text), {at}};
      }
      case 3: {
        if (dice_.one_in(4)) {
          const auto at = v6_network_ + dice_.below(sizes_.v6_networks);
          const auto& net = indicators_[at];
          return as_ = As::v6, Planted{net.substr(0, net.find("::")) + "::" + hex(dice_, 3), {at}};
        }
        const auto at = v4_network_ + dice_.below(v4_networks());
        const auto& net = indicators_[at];
        return as_ = As::v4,
               Planted{net.substr(0, net.rfind('.')) + fmt::format(".{}", dice_.below(256)), {at}};
      }
      case 4:
      case 5: {
        const auto at = domain_ + dice_.below(sizes_.domains + sizes_.children);
        auto text = indicators_[at];
        if (dice_.one_in(3)) text = word(dice_, 2, 9) + "." + text;
        const auto spelling = dice_.below(6);
        if (spelling == 0) text += '.';
        if (spelling == 1) text = upper(text);
        if (spelling == 2) text = fmt::format("\\u{:04x}", text[0]) + text.substr(1);
        return as_ = As::domain, Planted{text, with_parents(at)};
      }
      case 6: {
        const auto at = hash_ + dice_.below(sizes_.hashes);
        return as_ = As::sha256, Planted{dice_.one_in(4) ? upper(indicators_[at]) : indicators_[at], {at}};
      }
      default: {
        const auto at = url_ + dice_.below(sizes_.urls);
        return as_ = As::url, Planted{indicators_[at].substr(7), {at}};
      }
    }
  }

  std::size_t v4_networks() const { return v6_network_ - v4_network_; }

  static std::string upper(std::string text) {
    for (auto& c : text)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    return text;
  }

  std::string home() {
    return dice_.one_in(12)
               ? "fd00:10:" + std::to_string(dice_.below(20)) +
                     "::" + fmt::format("{:x}", 16 + dice_.below(200))
               : fmt::format("10.{}.{}.{}", dice_.below(8), dice_.below(40), 1 + dice_.below(250));
  }

  void head(std::string& out, std::string_view path, const Planted& planted) {
    const bool here = !planted.indicators.empty();
    const auto origin = home();
    std::string answer;
    if (here && as_ == (origin.find(':') == origin.npos ? As::v4 : As::v6)) {
      answer = planted.text;
    } else if (here && (as_ == As::v4 || as_ == As::v6)) {
      answer = planted.text;
    } else {
      answer = origin.find(':') == origin.npos ? dice_.of(v4_) : dice_.of(v6_);
    }
    fmt::format_to(
        std::back_inserter(out),
        R"({{"_path":"{}","ts":{}.{:06},"uid":"C{}","id.orig_h":"{}","id.orig_p":{},"id.resp_h":"{}",)",
        path,
        1'700'000'000 + clock_++ / 2000,
        dice_.below(1'000'000),
        word(dice_, 17, 17),
        origin,
        1024 + dice_.below(60000),
        answer);
  }

  void conn(std::string& out, const Planted& planted) {
    static constexpr std::string_view services[] = {"dns", "http", "ssl", "ntp", "ssh"};
    static constexpr std::string_view states[] = {"SF", "S0", "REJ", "RSTO", "OTH"};
    head(out, "conn", planted);
    const auto service = dice_.below(7);
    fmt::format_to(std::back_inserter(out),
                   R"("id.resp_p":{},"proto":"{}",)",
                   dice_.one_in(2) ? 443 : dice_.below(9000),
                   dice_.one_in(3) ? "udp" : "tcp");
    if (service < 5) fmt::format_to(std::back_inserter(out), R"("service":"{}",)", services[service]);
    if (!dice_.one_in(4))
      fmt::format_to(std::back_inserter(out),
                     R"("duration":{}.{:06},"orig_bytes":{},"resp_bytes":{},)",
                     dice_.below(90),
                     dice_.below(1'000'000),
                     dice_.skewed(50'000),
                     dice_.skewed(9'000'000));
    fmt::format_to(
        std::back_inserter(out),
        R"("conn_state":"{}","local_orig":true,"local_resp":false,"missed_bytes":0,"history":"ShADadf{}","orig_pkts":{},"orig_ip_bytes":{},"resp_pkts":{},"resp_ip_bytes":{},"ip_proto":{})",
        states[dice_.below(5)],
        dice_.one_in(2) ? "F" : "R",
        dice_.skewed(900),
        dice_.skewed(90'000),
        dice_.skewed(9000),
        dice_.skewed(9'900'000),
        dice_.one_in(3) ? 17 : 6);
    out += "}\n";
  }

  void dns(std::string& out, const Planted& planted) {
    head(out, "dns", planted);
    const auto query = !planted.indicators.empty() && as_ == As::domain ? planted.text : dice_.of(domains_);
    fmt::format_to(
        std::back_inserter(out),
        R"("id.resp_p":53,"proto":"udp","trans_id":{},"rtt":0.{:06},"query":"{}","qclass":1,"qclass_name":"C_INTERNET","qtype":1,"qtype_name":"A","rcode":0,"rcode_name":"NOERROR","AA":false,"TC":false,"RD":true,"RA":true,"Z":0,)",
        dice_.below(65536),
        dice_.below(1'000'000),
        query);
    fmt::format_to(std::back_inserter(out),
                   R"("answers":["{}","{}"],"TTLs":[{}.0,{}.0],"rejected":false)",
                   dice_.of(domains_),
                   dice_.of(v4_),
                   dice_.below(3600),
                   dice_.below(3600));
    out += "}\n";
  }

  void http(std::string& out, const Planted& planted) {
    head(out, "http", planted);
    auto host = dice_.of(domains_), uri = dice_.of(uris_);
    if (!planted.indicators.empty() && as_ == As::url) {
      host = planted.text.substr(0, planted.text.find('/'));
      uri = planted.text.substr(planted.text.find('/'));
      if (dice_.one_in(3)) uri = "\\" + uri;
    } else if (!planted.indicators.empty() && as_ == As::domain) {
      host = planted.text;
    } else if (dice_.one_in(8)) {
      uri += dice_.one_in(2) ? "?q=\\\"" + word(dice_, 3, 9) + "\\\"" : "?caf\xc3\xa9=" + word(dice_, 3, 9);
    }
    fmt::format_to(
        std::back_inserter(out),
        R"("id.resp_p":80,"trans_depth":1,"method":"GET","host":"{}","uri":"{}","referrer":"http://{}/","version":"1.1","user_agent":"{}","request_body_len":0,"response_body_len":{},"status_code":200,"status_msg":"OK","tags":[],"resp_fuids":["F{}"],"resp_mime_types":["text/html"])",
        host,
        uri,
        dice_.of(domains_),
        dice_.of(agents_),
        dice_.skewed(90'000),
        word(dice_, 17, 17));
    out += "}\n";
  }

  void ssl(std::string& out, const Planted& planted) {
    head(out, "ssl", planted);
    const auto name = !planted.indicators.empty() && as_ == As::domain ? planted.text : dice_.of(domains_);
    fmt::format_to(
        std::back_inserter(out),
        R"("id.resp_p":443,"version":"TLSv13","cipher":"TLS_AES_128_GCM_SHA256","curve":"x25519","server_name":"{}","resumed":{},"established":true,"ssl_history":"CsiI","cert_chain_fps":["{}"],"subject":"CN={},O=Example Inc.,C=US","issuer":"CN=R3,O=Let's Encrypt,C=US","sni_matches_cert":true)",
        name,
        dice_.one_in(2),
        hex(dice_, 64),
        dice_.of(domains_));
    out += "}\n";
  }

  void files(std::string& out, const Planted& planted) {
    const bool here = !planted.indicators.empty();
    fmt::format_to(
        std::back_inserter(out),
        R"({{"_path":"files","ts":{}.{:06},"fuid":"F{}","tx_hosts":["{}"],"rx_hosts":["{}"],"conn_uids":["C{}"],"source":"HTTP","depth":0,"analyzers":["MD5","SHA1","SHA256"],"mime_type":"application/x-dosexec","duration":0.{:06},"is_orig":false,"seen_bytes":{},"md5":"{}","sha1":"{}","sha256":"{}"}})",
        1'700'000'000 + clock_++ / 2000,
        dice_.below(1'000'000),
        word(dice_, 17, 17),
        here && (as_ == As::v4 || as_ == As::v6) ? planted.text : dice_.of(v4_),
        home(),
        word(dice_, 17, 17),
        dice_.below(1'000'000),
        dice_.skewed(900'000),
        hex(dice_, 32),
        hex(dice_, 40),
        here && as_ == As::sha256 ? planted.text : hex(dice_, 64));
    out += '\n';
  }

  /// As Suricata writes them: values within values.
  void nested(std::string& out, const Planted& planted) {
    const bool here = !planted.indicators.empty();
    fmt::format_to(
        std::back_inserter(out),
        R"({{"timestamp":"2024-05-06T07:08:{:02}.{:06}+0000","flow_id":{},"event_type":"dns","src_ip":"{}","src_port":{},"dest_ip":"{}","dest_port":53,"proto":"UDP","dns":{{"type":"query","id":{},"rrname":"{}","rrtype":"A","tx_id":0,"opcode":0}},"flow":{{"pkts":{{"in":1,"out":[1,2]}}}}}})",
        dice_.below(60),
        dice_.below(1'000'000),
        dice_.next() >> 12,
        home(),
        1024 + dice_.below(60000),
        here && (as_ == As::v4 || as_ == As::v6) ? planted.text : dice_.of(v4_),
        dice_.below(65536),
        here && as_ == As::domain ? planted.text : dice_.of(domains_));
    out += '\n';
  }

  void event(std::string& out, const Planted& planted) {
    const bool here = !planted.indicators.empty();
    if (here && as_ == As::sha256) return files(out, planted);
    if (here && as_ == As::url) return http(out, planted);
    const auto sort = dice_.below(100);
    const bool named = here && as_ == As::domain;
    if (sort < 45 && !named) return conn(out, planted);
    if (sort < 68) return dns(out, planted);
    if (sort < 80) return http(out, planted);
    if (sort < 92) return ssl(out, planted);
    if (sort < 97 && !named) return files(out, planted);
    nested(out, planted);
  }

  Dice dice_{42};
  Sizes sizes_;
  std::uint64_t clock_ = 0;
  std::vector<std::string> domains_, v4_, v6_, agents_, uris_, indicators_;
  std::map<std::string, std::size_t, std::less<>> parents_;
  std::size_t domain_ = 0, child_ = 0, v4_at_ = 0, v6_at_ = 0, v4_network_ = 0, v6_network_ = 0, hash_ = 0,
              url_ = 0;
};

using Truth = std::set<std::pair<std::uint64_t, std::size_t>>;  // line, indicator

/// The world in files of a folder, made when it is not there yet.
struct Files {
  std::string log, indicators, truth;
};

inline Files world_files(const std::string& folder, std::size_t indicators, std::uint64_t bytes) {
  const auto at = fmt::format("{}/v1-{}-{}", folder, indicators, bytes);
  const Files files{at + ".ndjson", at + ".indicators", at + ".truth"};
  if (std::filesystem::exists(files.truth)) return files;
  std::filesystem::create_directories(folder);
  World world(Sizes::of(indicators));
  {
    std::ofstream list(files.indicators);
    for (const auto& text : world.indicators()) list << text << '\n';
  }
  std::FILE* const log = std::fopen(files.log.c_str(), "wb");
  if (log == nullptr) return files;
  std::ofstream truth(files.truth + ".new");
  world.write_log(log, bytes, [&](std::uint64_t line, std::size_t indicator) {
    truth << line << ' ' << indicator << '\n';
  });
  std::fclose(log);
  truth.close();
  std::filesystem::rename(files.truth + ".new", files.truth);
  return files;
}

inline std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

inline Truth truth_of(const std::string& path) {
  Truth truth;
  std::ifstream file(path);
  std::uint64_t line = 0;
  std::size_t indicator = 0;
  while (file >> line >> indicator) truth.emplace(line, indicator);
  return truth;
}

}  // namespace shieldwall::detect::bench
