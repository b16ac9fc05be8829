// Kernels of DeviceModel.c and VulkanTest.cpp, as a compiled model has them: one
// push constant, the address of the parameters, leads to all else.

!parameters = !spirv.ptr<!spirv.struct<(i64 [0]), Block>, PushConstant>
!builtin = !spirv.ptr<vector<3xi32>, Input>
!tile = !spirv.ptr<!spirv.array<64 x f32>, Workgroup>

spirv.module PhysicalStorageBuffer64 GLSL450 requires #spirv.vce<v1.5,
    [Shader, Int64, Int8, PhysicalStorageBufferAddresses,
     StorageBuffer8BitAccess, SignedZeroInfNanPreserve],
    [SPV_KHR_physical_storage_buffer, SPV_KHR_8bit_storage,
     SPV_KHR_float_controls]> {
  spirv.GlobalVariable @parameters : !parameters
  spirv.GlobalVariable @block built_in("WorkgroupId") : !builtin
  spirv.GlobalVariable @thread built_in("LocalInvocationId") : !builtin
  spirv.GlobalVariable @tile : !tile

  spirv.func @parameter(%index: i64) -> i64 "None" {
    %c0 = spirv.Constant 0 : i32
    %c8 = spirv.Constant 8 : i64
    %all = spirv.mlir.addressof @parameters : !parameters
    %place = spirv.AccessChain %all[%c0] : !parameters, i32 -> !spirv.ptr<i64, PushConstant>
    %base = spirv.Load "PushConstant" %place : i64
    %offset = spirv.IMul %index, %c8 : i64
    %address = spirv.IAdd %base, %offset : i64
    %pointer = spirv.ConvertUToPtr %address : i64 to !spirv.ptr<i64, PhysicalStorageBuffer>
    %value = spirv.Load "PhysicalStorageBuffer" %pointer ["Aligned", 8] : i64
    spirv.ReturnValue %value : i64
  }

  // y[block] = the sum of 64 bytes of x, each times a float, added as a tree.
  // Parameters: x, y, the float's bits.
  spirv.func @reduce() "None" {
    %c0 = spirv.Constant 0 : i32
    %c1 = spirv.Constant 1 : i32
    %c32 = spirv.Constant 32 : i32
    %c0_64 = spirv.Constant 0 : i64
    %c1_64 = spirv.Constant 1 : i64
    %c2_64 = spirv.Constant 2 : i64
    %c4_64 = spirv.Constant 4 : i64
    %c64_64 = spirv.Constant 64 : i64
    %x = spirv.FunctionCall @parameter(%c0_64) : (i64) -> i64
    %y = spirv.FunctionCall @parameter(%c1_64) : (i64) -> i64
    %wide = spirv.FunctionCall @parameter(%c2_64) : (i64) -> i64
    %bits = spirv.UConvert %wide : i64 to i32
    %scale = spirv.Bitcast %bits : i32 to f32
    %blockPlace = spirv.mlir.addressof @block : !builtin
    %blocks = spirv.Load "Input" %blockPlace : vector<3xi32>
    %blockId = spirv.CompositeExtract %blocks[0 : i32] : vector<3xi32>
    %block = spirv.UConvert %blockId : i32 to i64
    %threadPlace = spirv.mlir.addressof @thread : !builtin
    %threads = spirv.Load "Input" %threadPlace : vector<3xi32>
    %threadId = spirv.CompositeExtract %threads[0 : i32] : vector<3xi32>
    %thread = spirv.UConvert %threadId : i32 to i64

    %first = spirv.IMul %block, %c64_64 : i64
    %at = spirv.IAdd %first, %thread : i64
    %source = spirv.IAdd %x, %at : i64
    %from = spirv.ConvertUToPtr %source : i64 to !spirv.ptr<i8, PhysicalStorageBuffer>
    %byte = spirv.Load "PhysicalStorageBuffer" %from ["Aligned", 1] : i8
    %integer = spirv.SConvert %byte : i8 to i32
    %float = spirv.ConvertSToF %integer : i32 to f32
    %scaled = spirv.FMul %float, %scale {no_contraction} : f32
    %tile = spirv.mlir.addressof @tile : !tile
    %mine = spirv.AccessChain %tile[%threadId] : !tile, i32 -> !spirv.ptr<f32, Workgroup>
    spirv.Store "Workgroup" %mine, %scaled : f32
    spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory>
    spirv.mlir.loop {
      spirv.Branch ^header(%c32: i32)
    ^header(%half: i32):
      %more = spirv.SGreaterThan %half, %c0 : i32
      spirv.BranchConditional %more, ^body, ^merge
    ^body:
      %adds = spirv.ULessThan %threadId, %half : i32
      spirv.mlir.selection {
        spirv.BranchConditional %adds, ^then, ^done
      ^then:
        %otherId = spirv.IAdd %threadId, %half : i32
        %other = spirv.AccessChain %tile[%otherId] : !tile, i32 -> !spirv.ptr<f32, Workgroup>
        %left = spirv.Load "Workgroup" %mine : f32
        %right = spirv.Load "Workgroup" %other : f32
        %sum = spirv.FAdd %left, %right {no_contraction} : f32
        spirv.Store "Workgroup" %mine, %sum : f32
        spirv.Branch ^done
      ^done:
        spirv.mlir.merge
      }
      spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory>
      spirv.Branch ^continue
    ^continue:
      %next = spirv.ShiftRightLogical %half, %c1 : i32, i32
      spirv.Branch ^header(%next: i32)
    ^merge:
      spirv.mlir.merge
    }
    %isFirst = spirv.IEqual %threadId, %c0 : i32
    spirv.mlir.selection {
      spirv.BranchConditional %isFirst, ^then, ^done
    ^then:
      %total = spirv.Load "Workgroup" %mine : f32
      %offset = spirv.IMul %block, %c4_64 : i64
      %target = spirv.IAdd %y, %offset : i64
      %to = spirv.ConvertUToPtr %target : i64 to !spirv.ptr<f32, PhysicalStorageBuffer>
      spirv.Store "PhysicalStorageBuffer" %to, %total ["Aligned", 4] : f32
      spirv.Branch ^done
    ^done:
      spirv.mlir.merge
    }
    spirv.Return
  }

  // cache[y, length + x] = float(ids[y, x] * weights[0]). Parameters: ids, cache,
  // weights, length, sequence, capacity.
  spirv.func @append() "None" {
    %c0 = spirv.Constant 0 : i64
    %c1 = spirv.Constant 1 : i64
    %c2 = spirv.Constant 2 : i64
    %c3 = spirv.Constant 3 : i64
    %c4 = spirv.Constant 4 : i64
    %c5 = spirv.Constant 5 : i64
    %c8 = spirv.Constant 8 : i64
    %ids = spirv.FunctionCall @parameter(%c0) : (i64) -> i64
    %cache = spirv.FunctionCall @parameter(%c1) : (i64) -> i64
    %weights = spirv.FunctionCall @parameter(%c2) : (i64) -> i64
    %length = spirv.FunctionCall @parameter(%c3) : (i64) -> i64
    %sequence = spirv.FunctionCall @parameter(%c4) : (i64) -> i64
    %capacity = spirv.FunctionCall @parameter(%c5) : (i64) -> i64
    %place = spirv.mlir.addressof @block : !builtin
    %block = spirv.Load "Input" %place : vector<3xi32>
    %column32 = spirv.CompositeExtract %block[0 : i32] : vector<3xi32>
    %row32 = spirv.CompositeExtract %block[1 : i32] : vector<3xi32>
    %column = spirv.UConvert %column32 : i32 to i64
    %row = spirv.UConvert %row32 : i32 to i64
    %idRow = spirv.IMul %row, %sequence : i64
    %idAt = spirv.IAdd %idRow, %column : i64
    %idOffset = spirv.IMul %idAt, %c8 : i64
    %idAddress = spirv.IAdd %ids, %idOffset : i64
    %idPlace = spirv.ConvertUToPtr %idAddress : i64 to !spirv.ptr<i64, PhysicalStorageBuffer>
    %id = spirv.Load "PhysicalStorageBuffer" %idPlace ["Aligned", 8] : i64
    %weightPlace = spirv.ConvertUToPtr %weights : i64 to !spirv.ptr<i64, PhysicalStorageBuffer>
    %weight = spirv.Load "PhysicalStorageBuffer" %weightPlace ["Aligned", 8] : i64
    %product = spirv.IMul %id, %weight : i64
    %float = spirv.ConvertSToF %product : i64 to f32
    %cacheRow = spirv.IMul %row, %capacity : i64
    %behind = spirv.IAdd %cacheRow, %length : i64
    %cacheAt = spirv.IAdd %behind, %column : i64
    %cacheOffset = spirv.IMul %cacheAt, %c4 : i64
    %cacheAddress = spirv.IAdd %cache, %cacheOffset : i64
    %to = spirv.ConvertUToPtr %cacheAddress : i64 to !spirv.ptr<f32, PhysicalStorageBuffer>
    spirv.Store "PhysicalStorageBuffer" %to, %float ["Aligned", 4] : f32
    spirv.Return
  }

  // Parameters: the address of an i32, which grows by one.
  spirv.func @increment() "None" {
    %c0 = spirv.Constant 0 : i64
    %one = spirv.Constant 1 : i32
    %address = spirv.FunctionCall @parameter(%c0) : (i64) -> i64
    %place = spirv.ConvertUToPtr %address : i64 to !spirv.ptr<i32, PhysicalStorageBuffer>
    %old = spirv.Load "PhysicalStorageBuffer" %place ["Aligned", 4] : i32
    %new = spirv.IAdd %old, %one : i32
    spirv.Store "PhysicalStorageBuffer" %place, %new ["Aligned", 4] : i32
    spirv.Return
  }

  spirv.EntryPoint "GLCompute" @reduce, @parameters, @block, @thread, @tile
  spirv.ExecutionMode @reduce "LocalSize", 64, 1, 1
  spirv.ExecutionMode @reduce "SignedZeroInfNanPreserve", 32
  spirv.EntryPoint "GLCompute" @append, @parameters, @block
  spirv.ExecutionMode @append "LocalSize", 1, 1, 1
  spirv.EntryPoint "GLCompute" @increment, @parameters
  spirv.ExecutionMode @increment "LocalSize", 1, 1, 1
}
