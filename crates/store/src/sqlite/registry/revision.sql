SELECT revision FROM registry
