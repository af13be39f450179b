"""Writes a small random model of the llama kind: make-model.py FILE. It says nonsense, as slowly as a real one, and is as quickly made."""

import sys

import gguf
import numpy

WIDTH, LAYERS, HEADS, INNER = 768, 14, 12, 2048
SPECIAL = ["<unk>", "<s>", "</s>"]
# Such that whatever it says is text.
BYTES = [f"<0x{byte:02X}>" for byte in range(0x20, 0x7F)]

random = numpy.random.default_rng(1)


def matrix(rows: int, columns: int) -> numpy.ndarray:
    return (random.standard_normal((rows, columns)) * 0.02).astype(numpy.float32)


def ones() -> numpy.ndarray:
    return numpy.ones(WIDTH, dtype=numpy.float32)


def add_vocabulary(writer: gguf.GGUFWriter) -> int:
    tokens = SPECIAL + BYTES + ["▁"]
    kinds = gguf.TokenType
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([kinds.UNKNOWN] + [kinds.CONTROL] * 2 + [kinds.BYTE] * len(BYTES) + [kinds.NORMAL])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    return len(tokens)


def add_layer(writer: gguf.GGUFWriter, layer: int) -> None:
    square = ["attn_q", "attn_k", "attn_v", "attn_output"]
    for name in square:
        writer.add_tensor(f"blk.{layer}.{name}.weight", matrix(WIDTH, WIDTH))
    for name in ["ffn_gate", "ffn_up"]:
        writer.add_tensor(f"blk.{layer}.{name}.weight", matrix(INNER, WIDTH))
    writer.add_tensor(f"blk.{layer}.ffn_down.weight", matrix(WIDTH, INNER))
    for name in ["attn_norm", "ffn_norm"]:
        writer.add_tensor(f"blk.{layer}.{name}.weight", ones())


def main(path: str) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    size = add_vocabulary(writer)
    writer.add_vocab_size(size)
    writer.add_tensor("token_embd.weight", matrix(size, WIDTH))
    writer.add_tensor("output.weight", matrix(size, WIDTH))
    writer.add_tensor("output_norm.weight", ones())
    for layer in range(LAYERS):
        add_layer(writer, layer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main(sys.argv[1])
