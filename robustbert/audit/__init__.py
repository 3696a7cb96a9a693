"""Human and automatic judgements of adversarial texts."""
