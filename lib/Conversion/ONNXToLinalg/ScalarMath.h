// The arithmetic of ONNX's elementwise operators, on single elements.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_SCALARMATH_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_SCALARMATH_H

#include "Elements.h"
#include "dialects/ONNX/ONNXDialect.h"

namespace bitnet {

/// Larger and smaller of two; a NaN wins, as in NumPy.
mlir::Value maxOf(mlir::ImplicitLocOpBuilder &b, mlir::Value a, mlir::Value c,
                  bool isUnsigned);
mlir::Value minOf(mlir::ImplicitLocOpBuilder &b, mlir::Value a, mlir::Value c,
                  bool isUnsigned);

/// 1 / (1 + e^-x)
mlir::Value sigmoidOf(mlir::ImplicitLocOpBuilder &b, mlir::Value x);

/// Floats converted to another float type.
mlir::Value convertFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                         mlir::Type type);

/// Converts an element between ONNX's types, whose signs `from` and `to` know.
mlir::Value convertElement(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                           mlir::Type from, mlir::Type to);

/// The integer next to a float in type `to`: truncated towards zero, limited to
/// what the type holds, and 0 for NaN.
mlir::Value saturateFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                          mlir::Type to);

/// The type that elements of ONNX type `type` are computed in: signless, and at
/// least a byte.
mlir::Type getComputedType(mlir::Type type);

/// One overload per operator; `x` are elements of its operands.
using B = mlir::ImplicitLocOpBuilder;
using X = mlir::ValueRange;
mlir::Value emit(onnx::AbsOp op, B &b, X x);
mlir::Value emit(onnx::AddOp op, B &b, X x);
mlir::Value emit(onnx::AndOp op, B &b, X x);
mlir::Value emit(onnx::BitShiftOp op, B &b, X x);
mlir::Value emit(onnx::BitwiseAndOp op, B &b, X x);
mlir::Value emit(onnx::BitwiseNotOp op, B &b, X x);
mlir::Value emit(onnx::BitwiseOrOp op, B &b, X x);
mlir::Value emit(onnx::BitwiseXorOp op, B &b, X x);
mlir::Value emit(onnx::CastLikeOp op, B &b, X x);
mlir::Value emit(onnx::CastOp op, B &b, X x);
mlir::Value emit(onnx::CeilOp op, B &b, X x);
mlir::Value emit(onnx::ClipOp op, B &b, X x);
mlir::Value emit(onnx::CosOp op, B &b, X x);
mlir::Value emit(onnx::DivOp op, B &b, X x);
mlir::Value emit(onnx::EqualOp op, B &b, X x);
mlir::Value emit(onnx::ErfOp op, B &b, X x);
mlir::Value emit(onnx::ExpOp op, B &b, X x);
mlir::Value emit(onnx::FloorOp op, B &b, X x);
mlir::Value emit(onnx::GeluOp op, B &b, X x);
mlir::Value emit(onnx::GreaterOp op, B &b, X x);
mlir::Value emit(onnx::GreaterOrEqualOp op, B &b, X x);
mlir::Value emit(onnx::IsNaNOp op, B &b, X x);
mlir::Value emit(onnx::LessOp op, B &b, X x);
mlir::Value emit(onnx::LessOrEqualOp op, B &b, X x);
mlir::Value emit(onnx::LogOp op, B &b, X x);
mlir::Value emit(onnx::MaxOp op, B &b, X x);
mlir::Value emit(onnx::MinOp op, B &b, X x);
mlir::Value emit(onnx::ModOp op, B &b, X x);
mlir::Value emit(onnx::MulOp op, B &b, X x);
mlir::Value emit(onnx::NegOp op, B &b, X x);
mlir::Value emit(onnx::NotOp op, B &b, X x);
mlir::Value emit(onnx::OrOp op, B &b, X x);
mlir::Value emit(onnx::PowOp op, B &b, X x);
mlir::Value emit(onnx::ReciprocalOp op, B &b, X x);
mlir::Value emit(onnx::ReluOp op, B &b, X x);
mlir::Value emit(onnx::RoundOp op, B &b, X x);
mlir::Value emit(onnx::SigmoidOp op, B &b, X x);
mlir::Value emit(onnx::SignOp op, B &b, X x);
mlir::Value emit(onnx::SinOp op, B &b, X x);
mlir::Value emit(onnx::SoftplusOp op, B &b, X x);
mlir::Value emit(onnx::SqrtOp op, B &b, X x);
mlir::Value emit(onnx::SubOp op, B &b, X x);
mlir::Value emit(onnx::SwishOp op, B &b, X x);
mlir::Value emit(onnx::TanhOp op, B &b, X x);
mlir::Value emit(onnx::WhereOp op, B &b, X x);
mlir::Value emit(onnx::XorOp op, B &b, X x);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_SCALARMATH_H
