"""The main job: pages in, scores and tables out."""
