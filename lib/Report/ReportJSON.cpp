// The report as data. See Report.h.
#include "bitnet/Report/Report.h"

#include "llvm/Support/JSON.h"

#include <cmath>

using namespace bitnet;
using llvm::json::OStream;

/// The shortest decimals that read back as the same float.
static void writeFloat(OStream &json, float value) {
  if (!std::isfinite(value))
    return json.value(nullptr);
  llvm::SmallString<16> digits;
  llvm::APFloat(value).toString(digits);
  json.rawValue(digits);
}

static void writeScale(OStream &json, const std::vector<float> &scale) {
  json.attributeBegin("scale");
  if (scale.size() == 1)
    writeFloat(json, scale.front());
  else
    json.array([&] {
      for (float value : scale)
        writeFloat(json, value);
    });
  json.attributeEnd();
}

static void writeHead(OStream &json, const HeadReport &head) {
  json.attributeObject("head", [&] {
    json.attribute("type", head.type);
    json.attribute("logit", head.logit);
    json.attribute("mean_deviation", head.mean);
    json.attribute("largest_deviation", head.largest);
  });
}

static void writeLayer(OStream &json, const LayerReport &layer) {
  json.attribute("name", layer.name);
  json.attribute("module", layer.module);
  json.attribute("k", layer.k);
  json.attribute("n", layer.n);
  json.attribute("form", layer.form);
  json.attribute("bits", layer.bits);
  json.attribute("source_bytes", layer.sourceBytes);
  json.attribute("bytes", layer.bytes);
  if (layer.head)
    writeHead(json, *layer.head);
  if (!layer.isMatched())
    return json.attribute("reason", layer.reason);
  json.attribute("activation", layer.activation);
  writeScale(json, layer.scale);
  json.attribute("zeros", layer.zeros);
  if (layer.error)
    json.attribute("error", *layer.error);
}

static void writeEnergy(OStream &json, const EnergyReport &energy) {
  json.attribute("model", energy.model);
  json.attribute("fp16", energy.fp16);
  json.attribute("fp32", energy.fp32);
}

static void writeTotals(OStream &json, const Report &report) {
  int64_t matched = report.countMatched();
  json.attribute("matched", matched);
  json.attribute("unmatched",
                 static_cast<int64_t>(report.layers.size()) - matched);
  json.attribute("operations", report.countOperations());
  json.attribute("weight_bytes_per_token", report.sum(&LayerReport::bytesRead));
  json.attribute("source_bytes", report.sum(&LayerReport::sourceBytes));
  json.attribute("bytes", report.sum(&LayerReport::bytes));
  if (!report.cache.type.empty())
    json.attributeObject("cache", [&] {
      json.attribute("bytes_per_position", report.cache.bytesPerPosition);
      json.attribute("type", report.cache.type);
    });
  json.attributeObject("energy", [&] {
    json.attributeObject(
        "45nm", [&] { writeEnergy(json, report.energy(Technology::Nm45)); });
    json.attributeObject(
        "7nm", [&] { writeEnergy(json, report.energy(Technology::Nm7)); });
  });
}

void bitnet::printJSON(const Report &report, llvm::raw_ostream &os) {
  OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attributeArray("layers", [&] {
      for (const LayerReport &layer : report.layers)
        json.object([&] { writeLayer(json, layer); });
    });
    json.attributeObject("totals", [&] { writeTotals(json, report); });
  });
  os << '\n';
}
