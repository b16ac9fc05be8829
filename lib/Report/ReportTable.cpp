// The report as a table. See Report.h.
#include "bitnet/Report/Report.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace bitnet;

namespace {

/// Rows of cells; all but the first and the last column are numbers or short
/// words, which stand on the right.
using Rows = std::vector<std::vector<std::string>>;

} // namespace

static std::string formatted(const char *format, double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format(format, value);
  return text;
}

static std::string scaleOf(const LayerReport &layer) {
  if (layer.scale.size() == 1)
    return formatted("%.6g", layer.scale.front());
  return std::to_string(layer.scale.size()) + " scales";
}

static std::string orDash(const std::string &text) {
  return text.empty() ? "-" : text;
}

static std::string shapeOf(const LayerReport &layer) {
  return std::to_string(layer.k) + " x " + std::to_string(layer.n);
}

/// Columns as wide as their cells, two spaces apart. A first column on the
/// left, the others on the right; `lastOnLeft` is for sentences.
static void printRows(const Rows &rows, bool lastOnLeft,
                      llvm::raw_ostream &os) {
  std::vector<size_t> widths(rows.front().size());
  for (const auto &row : rows)
    for (auto [width, cell] : llvm::zip(widths, row))
      width = std::max(width, cell.size());
  for (const auto &row : rows) {
    os << llvm::left_justify(row.front(), widths.front());
    for (size_t i = 1; i < row.size(); ++i) {
      os << "  ";
      if (lastOnLeft && i + 1 == row.size())
        os << row[i];
      else
        os << llvm::right_justify(row[i], widths[i]);
    }
    os << '\n';
  }
}

static void printMatched(const Report &report, llvm::raw_ostream &os) {
  bool hasErrors = llvm::any_of(
      report.layers, [](auto &layer) { return layer.error.has_value(); });
  Rows rows = {{"BitLinear layer", "K x N", "form", "bits", "scale", "zeros",
                "bytes before", "after"}};
  if (hasErrors)
    rows.front().push_back("error");
  for (const LayerReport &layer : report.layers) {
    if (!layer.isMatched())
      continue;
    rows.push_back({layer.module, shapeOf(layer), orDash(layer.form),
                    formatted("%.3g", layer.bits), scaleOf(layer),
                    formatted("%.1f %%", 100 * layer.zeros),
                    std::to_string(layer.sourceBytes),
                    std::to_string(layer.bytes)});
    if (hasErrors)
      rows.back().push_back(
          layer.error ? formatted("%.1f %%", 100 * *layer.error) : "-");
  }
  printRows(rows, /*lastOnLeft=*/false, os);
  os << '\n';
}

static void printFloatLayers(const Report &report, llvm::raw_ostream &os) {
  Rows rows = {{"float layer", "K x N", "nearest", "bits", "bytes", "why"}};
  for (const LayerReport &layer : report.layers)
    if (!layer.isMatched())
      rows.push_back({layer.module, shapeOf(layer), orDash(layer.form),
                      formatted("%.3g", layer.bits),
                      std::to_string(layer.bytes), layer.reason});
  printRows(rows, /*lastOnLeft=*/true, os);
  os << '\n';
}

/// What rounding the head has cost.
static void printHead(const LayerReport &layer, llvm::raw_ostream &os) {
  const HeadReport &head = *layer.head;
  os << "head: " << head.type << ", " << layer.sourceBytes << " bytes before, "
     << layer.bytes << " after\n"
     << "  logits for random inputs of rms 1 (root mean squares): "
     << formatted("%.3g", head.logit) << " each, off by "
     << formatted("%.2g", head.mean) << " on average and "
     << formatted("%.2g", head.largest) << " at most\n";
}

static void printEnergy(const Report &report, llvm::raw_ostream &os) {
  auto row = [&](const char *name, double EnergyReport::*energy) {
    return std::vector<std::string>{
        name, formatted("%.3g", report.energy(Technology::Nm45).*energy),
        formatted("%.3g", report.energy(Technology::Nm7).*energy)};
  };
  printRows({{"joules per token, arithmetic alone", "45 nm", "7 nm"},
             row("  this model", &EnergyReport::model),
             row("  all in FP16", &EnergyReport::fp16),
             row("  all in FP32", &EnergyReport::fp32)},
            /*lastOnLeft=*/false, os);
}

static void printTotals(const Report &report, llvm::raw_ostream &os) {
  int64_t matched = report.countMatched();
  os << matched << " of " << report.layers.size()
     << " linear layers are BitLinear\n"
     << "multiply-adds per token: " << report.countOperations() << '\n'
     << "weight bytes per token: " << report.sum(&LayerReport::bytesRead)
     << '\n'
     << "weight bytes: " << report.sum(&LayerReport::sourceBytes) << " before, "
     << report.sum(&LayerReport::bytes) << " after\n";
  if (!report.cache.type.empty())
    os << "cache bytes per position: " << report.cache.bytesPerPosition << " ("
       << report.cache.type << ")\n";
}

void bitnet::printTable(const Report &report, llvm::raw_ostream &os) {
  auto matched = static_cast<size_t>(report.countMatched());
  if (matched > 0)
    printMatched(report, os);
  if (matched < report.layers.size())
    printFloatLayers(report, os);
  printTotals(report, os);
  for (const LayerReport &layer : report.layers)
    if (layer.head)
      printHead(layer, os);
  printEnergy(report, os);
}
