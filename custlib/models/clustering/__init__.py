"""Clusters of customers: k-means, the matching of old clusters with new ones, and rules that tell clusters apart."""
