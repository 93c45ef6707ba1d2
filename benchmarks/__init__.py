"""Speed and size of Amberpost beside other programs: `make bench`, results in docs/performance.md."""
