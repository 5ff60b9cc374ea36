#pragma once
// Indicators as rows of bytes, decoded one by one when a hit asks for them: millions cost no memory of their
// own.

#include <map>
#include <string>
#include <vector>

#include "detect/indicator.h"

namespace shieldwall::detect {

class IndicatorRows {
 public:
  IndicatorRows() = default;
  /// `bytes` must outlive the rows. errors: corrupt: they are no rows
  static Result<IndicatorRows> over(std::string_view bytes);

  std::size_t size() const { return size_; }
  /// A row that is damaged reads as an indicator without id.
  Indicator at(std::size_t number) const;

 private:
  std::uint64_t offset(std::size_t number) const;

  std::size_t size_ = 0;
  std::string_view offsets_, rows_;
  std::vector<std::string> sources_;
};

class IndicatorRowsWriter {
 public:
  void add(const Indicator& indicator);
  std::size_t size() const { return offsets_.size(); }
  std::string finish() &&;

 private:
  std::vector<std::uint64_t> offsets_;
  std::string rows_;
  std::map<std::string, std::uint64_t, std::less<>> sources_;  // each told once
};

}  // namespace shieldwall::detect
