/** A store on a directory of files: an example of a store of one's own. */
module io.idem4j.examples.files {
  requires transitive io.idem4j;
  requires org.slf4j;
  requires static org.jspecify;

  exports io.idem4j.examples.files;
}
