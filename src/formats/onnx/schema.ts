/** Numbers out of onnx.proto: fields of its messages, kinds of attributes, types of tensors, and the versions that are written. */

export const modelField = { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8, metadata: 14 } as const;
export const opsetField = { domain: 1, version: 2 } as const;
export const metadataField = { key: 1, value: 2 } as const;
export const graphField = { node: 1, name: 2, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
export const nodeField = { input: 1, output: 2, name: 3, operation: 4, attribute: 5, domain: 7 } as const;
export const attributeField = { name: 1, float: 2, integer: 3, text: 4, tensor: 5, floats: 7, integers: 8, texts: 9, type: 20 } as const;
export const attributeType = { float: 1, integer: 2, text: 3, tensor: 4, floats: 6, integers: 7, texts: 8 } as const;
export const tensorField = {
  dims: 1, type: 2, segment: 3, floats: 4, int32s: 5, int64s: 7, name: 8, raw: 9, doubles: 10, external: 13, location: 14,
} as const;
/** Of values and their types: `ValueInfoProto`, `TypeProto`, `TypeProto.Tensor`, `TensorShapeProto` and its `Dimension`. */
export const valueField = { name: 1, type: 2 } as const;
export const typeField = { tensor: 1 } as const;
export const tensorTypeField = { element: 1, shape: 2 } as const;
export const shapeField = { dimension: 1 } as const;
export const dimensionField = { value: 1, parameter: 2 } as const;

export const dataType = { float: 1, int32: 6, int64: 7, text: 8, bool: 9, half: 10, double: 11, brainFloat: 16 } as const;

/** IR 8 and opset 17: every runtime since 2022 reads them, and they have LayerNormalization. */
export const irVersion = 8;
export const opset = 17;

/** Keys of the metadata under which a file keeps what a graph cannot say; values are JSON. */
export const metadataPrefix = 'nabla.';
