/** The script of pages that say why there is nothing: the page works without it. */
import "../styles/entry.css";
import { keepLook } from "../ui/home/look";

keepLook();
