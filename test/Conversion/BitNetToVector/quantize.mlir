// RUN: bitnet-opt %s --convert-bitnet-to-vector | FileCheck %s
// RUN: bitnet-opt %s --convert-bitnet-to-vector --canonicalize --cse --one-shot-bufferize="allow-unknown-ops bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFER

#token = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>
#divides = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = false>
#shifted = #bitnet.quantizer<shifted, token, limit = 128.0 : f32, floor = 1.0e-5 : f32, low = 0, high = 127, reciprocal = true>
#shifted_tensor = #bitnet.quantizer<shifted, tensor, limit = 128.0 : f32, floor = 1.0e-5 : f32, low = 0, high = 127, reciprocal = true>
#mean = #bitnet.quantizer<absmean, token, limit = 2.6 : f32, floor = 1.0e-5 : f32, low = -8, high = 7, reciprocal = true>
#tensor = #bitnet.quantizer<absmax, tensor, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>

// The maximum has four accumulators: it has no order.
// CHECK-LABEL: func @finds_largest_then_rounds(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<?x256xf32>
// CHECK-DAG:     %[[UNIT:[a-z0-9_]+]] = arith.constant dense<0x4B400000> : vector<16xf32>
// CHECK-DAG:     %[[ONE:[a-z0-9_]+]] = arith.constant 1.000000e+00 : f32
// CHECK-DAG:     %[[LIMIT:[a-z0-9_]+]] = arith.constant 1.270000e+02 : f32
// CHECK:         scf.forall (%[[M:[a-z0-9_]+]]) in (%{{.*}}) shared_outs(%[[CODES:[a-z0-9_]+]] = %{{.*}}, %[[SCALES:[a-z0-9_]+]] = %{{.*}})
// CHECK:           tensor.extract_slice %[[CODES]][%[[M]], 0] [1, 256] [1, 1] : tensor<?x256xi8> to tensor<256xi8>
// CHECK:           scf.for %{{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK:             vector.transfer_read %[[X]][%[[M]], %{{.*}}], %{{.*}} {in_bounds = [true]}
// CHECK-NEXT:        math.absf
// CHECK-NEXT:        arith.cmpf ogt
// CHECK-NEXT:        arith.select
// CHECK:           %[[MAX:[a-z0-9_]+]] = arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
// CHECK-NEXT:      %[[INVERSE:[a-z0-9_]+]] = arith.divf %[[ONE]], %[[MAX]] : f32
// CHECK-NEXT:      %[[SCALE:[a-z0-9_]+]] = arith.mulf %[[INVERSE]], %[[LIMIT]] : f32
// CHECK:           scf.for %{{.*}} -> (tensor<256xi8>)
// CHECK:             arith.mulf
// CHECK:             %[[SUM:[a-z0-9_]+]] = arith.addf %{{.*}}, %[[UNIT]]
// CHECK-NEXT:        %[[BITS:[a-z0-9_]+]] = arith.bitcast %[[SUM]] : vector<16xf32> to vector<16xi32>
// CHECK-NEXT:        arith.trunci %[[BITS]] : vector<16xi32> to vector<16xi8>
// CHECK:           tensor.insert %[[SCALE]]
// CHECK-NOT:     bitnet.quantize
// BUFFER-LABEL: func @finds_largest_then_rounds(
// BUFFER-COUNT-2: memref.alloc
// BUFFER:         scf.forall
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @finds_largest_then_rounds(%x: tensor<?x256xf32>)
    -> (tensor<?x256xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #token}
      : tensor<?x256xf32> -> tensor<?x256xi8>, tensor<?xf32>
  return %q, %s : tensor<?x256xi8>, tensor<?xf32>
}

// CHECK-LABEL: func @divides_where_the_model_divides(
// CHECK:         %[[LIMIT:[a-z0-9_]+]] = arith.constant 1.270000e+02 : f32
// CHECK:         %[[SCALE:[a-z0-9_]+]] = arith.divf %[[LIMIT]], %{{.*}} : f32
// CHECK-NOT:     arith.mulf {{.*}} : f32
// CHECK:         tensor.insert %[[SCALE]]
func.func @divides_where_the_model_divides(%x: tensor<?x16xf32>)
    -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #divides}
      : tensor<?x16xf32> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}

// A sum has an order, so one accumulator takes all blocks. The last block goes
// to its own lanes; the others get the neutral element.
// CHECK-LABEL: func @adds_the_tail_to_its_own_lanes(
// CHECK:         %[[ZEROS:[a-z0-9_]+]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK:         %[[SUM:[a-z0-9_]+]] = arith.addf %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK:         %[[TAIL:[a-z0-9_]+]] = vector.transfer_read {{.*}} {in_bounds = [true]} : tensor<?x19xf32>, vector<3xf32>
// CHECK-NEXT:    %[[ABS:[a-z0-9_]+]] = math.absf %[[TAIL]] : vector<3xf32>
// CHECK-NEXT:    %[[LANES:[a-z0-9_]+]] = vector.insert_strided_slice %[[ABS]], %[[ZEROS]]
// CHECK-NEXT:    %[[ALL:[a-z0-9_]+]] = arith.addf %[[SUM]], %[[LANES]] : vector<16xf32>
// CHECK-NEXT:    %[[LOW:[a-z0-9_]+]] = vector.shuffle %[[ALL]], %[[ALL]] [0, 1, 2, 3, 4, 5, 6, 7]
// CHECK-NEXT:    %[[HIGH:[a-z0-9_]+]] = vector.shuffle %[[ALL]], %[[ALL]] [8, 9, 10, 11, 12, 13, 14, 15]
// CHECK-NEXT:    arith.addf %[[LOW]], %[[HIGH]] : vector<8xf32>
// CHECK:         arith.addf {{.*}} : vector<4xf32>
// CHECK:         arith.addf {{.*}} : vector<2xf32>
// CHECK:         vector.transfer_write {{.*}} : vector<3xi8>, tensor<19xi8>
func.func @adds_the_tail_to_its_own_lanes(%x: tensor<?x19xf32>)
    -> (tensor<?x19xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #mean}
      : tensor<?x19xf32> -> tensor<?x19xi8>, tensor<?xf32>
  return %q, %s : tensor<?x19xi8>, tensor<?xf32>
}

// CHECK-LABEL: func @folds_rows_of_a_tensor_in_order(
// CHECK:         %[[ROWS:[a-z0-9_]+]] = scf.forall
// CHECK:         scf.for %[[M:[a-z0-9_]+]] = %{{.*}} -> (f32)
// CHECK-NEXT:      tensor.extract %[[ROWS]][%[[M]]]
// CHECK:         scf.forall
func.func @folds_rows_of_a_tensor_in_order(%x: tensor<?x16xf32>)
    -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #tensor}
      : tensor<?x16xf32> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}

// The smallest element of a row is taken from its elements before they are
// scaled.
// CHECK-LABEL: func @shifts_to_the_minimum(
// CHECK:         arith.cmpf olt
// CHECK:         %[[SHIFTED:[a-z0-9_]+]] = arith.subf %{{.*}} : vector<16xf32>
// CHECK-NEXT:    vector.broadcast
// CHECK-NEXT:    arith.mulf %[[SHIFTED]]
func.func @shifts_to_the_minimum(%x: tensor<?x16xf32>)
    -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #shifted}
      : tensor<?x16xf32> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}

// CHECK-LABEL: func @shifts_to_the_minimum_of_all(
// CHECK-COUNT-2: scf.forall
// CHECK:         scf.for
// CHECK:           arith.cmpf olt
// CHECK:         scf.forall
// CHECK:           arith.subf
func.func @shifts_to_the_minimum_of_all(%x: tensor<?x16xf32>)
    -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #shifted_tensor}
      : tensor<?x16xf32> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}

// CHECK-LABEL: func @keeps_rows_of_unknown_length(
// CHECK:         bitnet.quantize
func.func @keeps_rows_of_unknown_length(%x: tensor<?x?xf32>)
    -> (tensor<?x?xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #token}
      : tensor<?x?xf32> -> tensor<?x?xi8>, tensor<?xf32>
  return %q, %s : tensor<?x?xi8>, tensor<?xf32>
}

// Each step is rounded to the quantizer's type; nothing is lost before.
// CHECK-LABEL: func @rounds_each_step_to_bf16(
// CHECK:         vector.transfer_read {{.*}} : tensor<?x16xbf16>, vector<16xbf16>
// CHECK-NEXT:    arith.extf {{.*}} : vector<16xbf16> to vector<16xf32>
// CHECK-NEXT:    math.absf
// CHECK:         arith.divf
// CHECK-NEXT:    arith.truncf {{.*}} : f32 to bf16
// CHECK-NEXT:    arith.extf
// CHECK-NEXT:    arith.mulf
// CHECK-NEXT:    arith.truncf {{.*}} : f32 to bf16
// CHECK-NEXT:    arith.extf
// CHECK:         arith.mulf
// CHECK-NEXT:    arith.truncf {{.*}} : vector<16xf32> to vector<16xbf16>
// CHECK-NEXT:    arith.extf
func.func @rounds_each_step_to_bf16(%x: tensor<?x16xbf16>)
    -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x
      {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : bf16, floor = 1.0e-5 : bf16, low = -128, high = 127, reciprocal = true>}
      : tensor<?x16xbf16> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}

// CHECK-LABEL: func @quantizes_halves_in_f32(
// CHECK:         arith.extf {{.*}} : vector<16xf16> to vector<16xf32>
// CHECK-NOT:     arith.truncf
func.func @quantizes_halves_in_f32(%x: tensor<?x16xf16>)
    -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #token}
      : tensor<?x16xf16> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}
