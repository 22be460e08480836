"""The pictures, encoders and drawings of ``04_2_embedding_and_retrieval``."""
